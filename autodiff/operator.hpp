#pragma once
// What the author of an operator needs: an Op with its Frame, and record().
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>

#include "autodiff/dtype.hpp"
#include "autodiff/tape.hpp"

namespace nelbo {

/// What an operator does, apart from the data: one static object per operator, next to its public
/// function.
struct Op {
  const char* name;
  void (*forward)(const Frame&);
  /// Adds to the adjoints of the inputs that are wanted. Null where there is no derivative.
  void (*vjp)(const Frame&);
  /// Reads operands through their strides. The others are given row-major ones (a copy is
  /// recorded).
  bool strided = false;
  /// Multiply-adds of its matrix product: forward makes one, vjp one for each of the first two inputs that
  /// is wanted. Null where there is none.
  double (*multiply_adds)(const Frame&) = nullptr;
};

/// Shape and type of an operator's output.
struct Spec {
  Shape shape;
  DType dtype;
};

/// What a node's forward and vjp see.
class Frame {
 public:
  /// Where to put a contribution to an adjoint: add to what is there, or store (first write).
  template <class T>
  struct Adjoint {
    T* data;
    bool add;
  };

  Frame(Tape& tape, const Tape::Node& node) : tape_(tape), node_(node) {}

  int inputs() const { return node_.inputs; }
  int outputs() const { return node_.outputs; }
  const Shape& in_shape(int i) const { return in_slot(i).shape; }
  const Strides& in_strides(int i) const { return in_slot(i).strides; }
  const Shape& out_shape(int o = 0) const { return out_slot(o).shape; }
  /// Type of output 0: what the operator computes in.
  DType dtype() const { return tape_.storages_[out_slot(0).value].dtype; }
  template <class T>
  const T* in(int i) const {
    const Tape::Slot& slot = in_slot(i);
    return static_cast<const T*>(tape_.storages_[slot.value].value) + slot.offset;
  }
  template <class T>
  T* out(int o = 0) const {
    const Tape::Slot& slot = out_slot(o);
    return static_cast<T*>(tape_.storages_[slot.value].value) + slot.offset;
  }
  template <class S>
  S& saved() const {
    return *static_cast<S*>(node_.saved);
  }

  // In vjp only -----------------------------------------------------------------------------------
  /// False where output o has no influence on the roots.
  bool has_cotangent(int o = 0) const { return tape_.storages_[out_slot(o).adjoint].written; }
  /// Cotangent of output o. It is not read again: an operator may use it as its workspace.
  template <class T>
  T* cotangent(int o = 0) const {
    return static_cast<T*>(tape_.storages_[out_slot(o).adjoint].adjoint) + out_slot(o).offset;
  }
  /// True if the adjoint of input i is wanted (the needs-grad mask).
  bool wants(int i) const { return (in_slot(i).reach & tape_.active_) != 0; }
  /// Adjoint of input i, in the input's own strides. Call it once, when about to write all of it.
  template <class T>
  Adjoint<T> adjoint(int i) const {
    bool add = false;
    void* data = claim_adjoint(i, add);
    return {static_cast<T*>(data), add};
  }

 private:
  const Tape::Slot& in_slot(int i) const {
    return tape_.slots_[tape_.operands_[node_.operands + i]];
  }
  const Tape::Slot& out_slot(int o) const { return tape_.slots_[node_.output + o]; }
  void* claim_adjoint(int i, bool& add) const;

  Tape& tape_;
  const Tape::Node& node_;
};

/// A tape as the author of an operator sees it: how nodes, views and memory are added to a recording.
class Recorder {
 public:
  explicit Recorder(Tape& tape) : tape_(tape) {}
  /// That of the tape that operators on this thread go to. Throws Error if there is none.
  static Recorder current() { return Recorder(Tape::current()); }

  /// Records `op` and, on an eager tape, computes it. Returns the first output; the others follow
  /// through output(). All inputs must be of the tape. `saved` is copied to its arena.
  Var record(const Op& op, std::span<const Var> inputs, std::span<const Spec> outputs,
             const void* saved = nullptr, std::size_t saved_bytes = 0);
  Var output(Var first, int i) const { return Var(&tape_, first.slot_ + i, first.generation_); }
  /// Another shape and strides on the same memory (reshape, slice, permute), offset in elements.
  Var view(Var var, const Shape& shape, const Strides& strides, std::int64_t offset);
  /// Itself if row-major, else a recorded copy.
  Var contiguous(Var var);
  /// Records `op` on {x, other} with an output that is x's own memory but has an adjoint of its
  /// own.
  Var alias(const Op& op, Var x, Var other);
  /// The same value, which backward passes go through only if they may reach one of `groups`.
  Var restricted(Var var, Groups groups);
  /// 64-byte aligned memory that lives as long as the recording.
  void* workspace(std::size_t bytes) { return tape_.arena_.allocate(bytes); }
  /// Keeps `object`, which saved structs may point at, alive as long as the recording: until
  /// reset() or the end of the tape, through every forward() and backward().
  void own(std::shared_ptr<const void> object);
  const Strides& strides(Var var) const { return tape_.slot(var).strides; }

 private:
  Tape& tape_;
};

/// Records an operator with one output of the inputs' common type.
/// Throws Error naming the operator if the types differ.
Var record(const Op& op, std::initializer_list<Var> inputs, const Shape& shape);

/// The same with a struct that forward and vjp read through Frame::saved.
template <class Saved>
Var record(const Op& op, std::initializer_list<Var> inputs, const Shape& shape, const Saved& saved);

/// Common floating type of `inputs`. Throws Error naming the operator if they differ.
DType common_dtype(const Op& op, std::span<const Var> inputs);

template <class Saved>
Var record(const Op& op, std::initializer_list<Var> inputs, const Shape& shape,
           const Saved& saved) {
  static_assert(std::is_trivially_destructible_v<Saved>, "the arena runs no destructors");
  const std::span<const Var> all(inputs.begin(), inputs.size());
  const Spec spec{shape, common_dtype(op, all)};
  return Recorder::current().record(op, all, {&spec, 1}, &saved, sizeof(Saved));
}

}  // namespace nelbo
