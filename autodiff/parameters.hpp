#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "autodiff/tensor.hpp"

namespace nelbo {

/// A set of parameter groups: one bit per group of the store, plus one for differentiable leaves.
using Groups = std::uint32_t;
inline constexpr Groups leaf_group = Groups{1} << 31;
/// What a tape marks values with whose gradient is not all there is (Tape::severed).
inline constexpr Groups severed_group = Groups{1} << 30;
inline constexpr Groups all_groups = ~Groups{0};

/// Fills a fresh parameter; `seed` and `address` (a hash of the parameter's name) say which random
/// numbers.
using Initializer =
    std::function<void(const Tensor& parameter, std::uint64_t seed, std::uint32_t address)>;

/// Elements offset .. offset + length - 1 of the flat buffer.
struct Range {
  std::size_t offset = 0;
  std::size_t length = 0;
};

struct ParameterId {
  std::uint32_t index = 0;
};

/// All trainable numbers of a model, outside every tape: one flat 64-byte aligned buffer in which
/// every named group (theta decoder, phi encoder, psi prior, critic) is one contiguous range.
class ParameterStore {
 public:
  struct Entry {
    std::string name;  // stable and dotted: "encoder.0.weight"
    int group = 0;
    Shape shape;
    std::size_t offset = 0;  // elements; a multiple of 16
    Initializer initialize;
  };

  explicit ParameterStore(DType dtype = DType::f32) : dtype_(dtype) {}
  ParameterStore(const ParameterStore&) = delete;
  ParameterStore& operator=(const ParameterStore&) = delete;

  /// Declares a parameter. Throws Error after freeze(), for a name taken, or for a 31st group.
  ParameterId add(const std::string& name, const std::string& group, const Shape& shape,
                  Initializer initialize);
  /// Lays out the buffer and initialises every parameter from `seed`. The numbers depend on the
  /// seed and the parameter's name only, so a layer more or less changes no other.
  void freeze(std::uint64_t seed);
  /// The same with values that `fill` puts into each parameter in turn; no initializer is called.
  void freeze(const std::function<void(const Entry& entry, const Tensor& parameter)>& fill);
  bool frozen() const { return frozen_; }

  DType dtype() const { return dtype_; }
  /// Elements of the flat buffer, padding between parameters included (kept 0).
  std::size_t size() const { return size_; }
  /// Number of trainable scalars, without padding.
  std::size_t count() const;
  void* data() const { return buffer_.data(); }
  const std::vector<Entry>& entries() const { return entries_; }
  const Entry& entry(ParameterId id) const { return entries_[id.index]; }
  /// The parameter's values, as a view that writes through.
  Tensor tensor(ParameterId id) const;
  Tensor tensor(const std::string& name) const;

  const std::vector<std::string>& group_names() const { return groups_; }
  /// Mask of the groups named. Throws Error for an unknown name.
  Groups groups(std::initializer_list<std::string> names) const;
  Range range(const std::string& group) const;
  /// Those of all parameters, in the order of entries().
  std::vector<Range> tensors() const;

 private:
  int group_index(const std::string& group) const;

  DType dtype_;
  std::vector<Entry> entries_;
  std::vector<std::string> groups_;
  std::vector<Range> ranges_;
  Tensor buffer_;
  std::size_t size_ = 0;
  bool frozen_ = false;
};

/// Where a backward pass leaves the gradient of the parameters: a buffer of the store's layout.
/// Each tape has its own; sums over tapes are taken in a fixed order.
class GradientSink {
 public:
  explicit GradientSink(const ParameterStore& store);
  void* data() const { return buffer_.data(); }
  const Tensor& buffer() const { return buffer_; }  // [store.size()]
  /// The gradient of one parameter, as a view.
  Tensor tensor(const ParameterStore& store, ParameterId id) const;
  /// Sets all of it to 0: a backward pass writes those groups only that it differentiates for.
  void clear();
  /// Adds another sink's gradient, element by element.
  void add(const GradientSink& other) { add(other, {0, std::size_t(buffer_.size())}); }
  /// The same of a range alone.
  void add(const GradientSink& other, const Range& range);
  /// Divides the gradient of each parameter by its Euclidean norm, summed in double; one of norm 0
  /// stays. Does not allocate; gives the same bits for any number of threads.
  void normalise(const ParameterStore& store);

 private:
  Tensor buffer_;
};

}  // namespace nelbo
