#pragma once
// The tape: a flat vector of plain-data nodes in the order in which they were recorded.
//
//   Tape tape;                                   // eager: every operator computes at once
//   Recording recording(tape);                   // operators on this thread go to this tape
//   Var x = tape.leaf(Tensor::of({1, 2}, {2}), true);
//   Var y = sum(square(x));
//   tape.backward(y);                            // one reverse loop over the nodes
//   tape.adjoint(x);                             // [2, 4]
//
// A tape in Mode::replay records shapes only; forward() then computes all nodes in order, as often
// as wanted, in the same buffers and without allocation: fill the leaves, forward(), backward().
//
// Values and adjoints live in storages that views share. Nothing recorded is ever changed in place,
// so backward() may run again after one forward(), with other roots, groups and sink.
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "autodiff/arena.hpp"
#include "autodiff/parameters.hpp"
#include "autodiff/tensor.hpp"

namespace nelbo {

class Frame;
class Recorder;
class Tape;
struct Op;

/// A handle to a recorded value: trivially copyable, valid until its tape is reset.
class Var {
 public:
  Var() = default;
  /// A copy: the tape's own moves when the next operator is recorded.
  Shape shape() const;
  DType dtype() const;
  /// A view of the value. Throws Error if the tape was reset, or while it is recorded for replay: a
  /// branch on a computed value would be frozen silently.
  Tensor value() const;
  /// The only element of the value.
  double item() const { return value().item(); }
  Tape& tape() const;

 private:
  friend class Recorder;
  friend class Tape;
  Var(Tape* tape, std::uint32_t slot, std::uint32_t generation)
      : tape_(tape), slot_(slot), generation_(generation) {}
  Tape* tape_ = nullptr;
  std::uint32_t slot_ = 0;
  std::uint32_t generation_ = 0;
};

/// Where a backward pass starts: dL/d(var) = cotangent, or ones if none is given.
struct Root {
  Var var;
  const Tensor* cotangent = nullptr;  // same shape and type as var; read during backward()
};

class Tape {
 public:
  enum class Mode { eager, replay };
  struct Options {
    Mode mode = Mode::eager;
    /// Without gradients a replayed tape reuses buffers after their last use; only leaves and what
    /// keep() names can then be read.
    bool gradients = true;
  };

  Tape() : Tape(Options{}) {}
  explicit Tape(Options options) : options_(options) {}
  Tape(const Tape&) = delete;
  Tape& operator=(const Tape&) = delete;

  // Leaves ----------------------------------------------------------------------------------------
  /// Zeros, to be filled through data(). A differentiable leaf has an adjoint.
  Var leaf(const Shape& shape, DType dtype = DType::f32, bool differentiable = false);
  /// A copy of `value`.
  Var leaf(const Tensor& value, bool differentiable = false);
  /// A number, rank 0.
  Var constant(double value, DType dtype = DType::f32);
  /// A parameter of a store that outlives the tape; shares its memory.
  Var parameter(const ParameterStore& store, ParameterId id);
  /// The leaf's memory, to be filled before forward(). Throws Error if var is not a leaf.
  Tensor data(Var leaf) const;

  // Running ---------------------------------------------------------------------------------------
  /// Computes every node in order from what the leaves and parameters hold now.
  void forward();
  /// The same in stages: to the next pause, or the end. True where there is more to compute; the next
  /// call then goes on, else it begins anew.
  bool advance();
  /// One reverse loop. Afterwards `sink` holds the gradient of every parameter of `groups` (0 where
  /// no path leads there) and adjoint() that of differentiable leaves. Throws Error for cotangents
  /// of other shapes and on tapes without gradients.
  void backward(std::span<const Root> roots, Groups groups, GradientSink* sink);
  void backward(Var root) { backward(std::array<Root, 1>{{{root}}}, leaf_group, nullptr); }
  void backward(Var root, Groups groups, GradientSink& sink) {
    backward(std::array<Root, 1>{{{root}}}, groups, &sink);
  }
  /// dL/d(leaf) after backward() with leaf_group among the groups; zeros where no path leads there.
  Tensor adjoint(Var leaf) const;
  /// A pause in a recording for replay: before it `var` is computed, and what is recorded from now on that
  /// needs more than `var` comes after it. The number of the pause, from 0: the last one where `var`
  /// is computed before that already, else a new one.
  std::size_t pause_after(Var var);
  /// Keeps the value readable on a tape without gradients. Throws Error after the first forward().
  void keep(Var var);
  /// Forgets all nodes and values; variables of before throw when used.
  void reset();

  // Looking at it ---------------------------------------------------------------------------------
  std::size_t nodes() const { return nodes_.size(); }
  std::size_t count(const std::string& op) const;
  /// "exp", "leaf" or "parameter": what first holds a NaN or an infinity in the order of
  /// computation; empty if nothing does.
  std::string first_non_finite() const;
  /// Bytes of values and adjoints held.
  std::size_t bytes() const { return arena_.capacity(); }

  /// The same value, which depends on parameters of `groups` in a way that no gradient tells, as through
  /// samples of discrete variables. A backward pass for one of them from anything that is made of it
  /// throws Error `why`, unless it was stopped on the way. One cause for each tape.
  Var severed(Var var, Groups groups, const std::string& why);
  /// Why a backward pass from var for `groups` would throw so; empty where it would not.
  std::string severed(Var var, Groups groups) const;
  /// True if gradients can pass from var to some parameter or differentiable leaf.
  bool differentiable(Var var) const { return (slot(var).reach & ~severed_group) != 0; }
  /// The tape that operators on this thread go to. Throws Error if there is none.
  static Tape& current();

 private:
  friend class Var;
  friend class Frame;
  friend class Recorder;
  friend class Recording;

  /// Memory that one or more slots (views) share.
  struct Storage {
    void* value = nullptr;
    void* adjoint = nullptr;
    std::int64_t count = 0;      // elements
    std::int32_t entry = -1;     // parameter index in store_, or -1
    std::int32_t producer = -1;  // node, or -1 for leaves and parameters
    DType dtype = DType::f32;
    bool kept = false;     // readable on a tape without gradients
    bool written = false;  // the adjoint holds something in this backward pass
  };
  struct Slot {
    std::uint32_t value;    // storage of the value
    std::uint32_t adjoint;  // storage of the adjoint; differs only behind an aliasing operator
    std::int64_t offset;    // elements from the storage's start
    Groups reach;           // groups whose parameters this value depends on differentiably
    Shape shape;
    Strides strides;
  };
  struct Node {
    const Op* op;
    void* saved;
    std::uint32_t operands;  // first of the input ids in operands_
    std::uint32_t output;    // first output slot
    std::uint16_t inputs;
    std::uint16_t outputs;
  };
  static_assert(sizeof(Node) <= 32);

  const Slot& slot(Var var) const;
  Var add_slot(const Slot& slot);
  std::uint32_t add_storage(std::int64_t count, DType dtype, std::int32_t producer);
  void check_recording(const char* what) const;
  void allocate_values();
  void plan_reuse();
  void allocate_adjoints();
  void seed(const Root& root);
  void finish_parameters(Groups groups, GradientSink* sink);

  Options options_;
  Arena arena_;
  std::vector<Node> nodes_;
  std::vector<std::uint32_t> operands_;
  std::vector<Slot> slots_;
  std::vector<Storage> storages_;
  const ParameterStore* store_ = nullptr;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> parameters_;  // (entry, slot), found once
  std::vector<std::shared_ptr<const void>> owned_;                   // what nodes point at
  std::vector<std::size_t> pauses_;                                  // the node that each is before
  std::size_t stage_ = 0;               // of advance(): the pause to come
  std::size_t adjoints_allocated_ = 0;  // storages that have their adjoint
  Groups active_ = 0;                   // groups of the backward pass that runs
  Groups severed_from_ = 0;             // what severed() values depend on
  std::string severed_why_;
  std::uint32_t generation_ = 1;
  bool computed_ = false;  // forward() has run on a replayed tape
  bool recording_ = false;
};

/// While it lives, operators called on this thread are recorded on `tape`. Recordings may nest.
class Recording {
 public:
  explicit Recording(Tape& tape);
  ~Recording();
  Recording(const Recording&) = delete;
  Recording& operator=(const Recording&) = delete;

 private:
  Tape* before_;
  Tape* tape_;
};

}  // namespace nelbo
