#pragma once
#include <algorithm>
#include <array>
#include <cstdint>
#include <span>

#include "autodiff/internal/partition.hpp"
#include "autodiff/shape.hpp"
#include "autodiff/threads.hpp"

namespace nelbo {

/// Elements of a chunk of elementwise work, where there is enough for two.
inline constexpr std::int64_t elements_per_chunk = chunk_elements / 2;

/// Number of chunks for n elements of elementwise work: a function of n alone.
constexpr std::int64_t elementwise_chunks(std::int64_t n) {
  return n < 2 * elements_per_chunk ? 1 : n / elements_per_chunk;
}

/// Walks several row-major operands that broadcast to one shape. Adjacent axes along which every
/// operand is either stored or repeated are merged first, so that [B, D] + [D], [S, B, D] * [B, 1]
/// and numbers are loops over long rows. Rows are cut into segments; a segment is the unit of work
/// and of summation.
class BroadcastLoop {
 public:
  static constexpr int max_operands = 4;
  using Offsets = std::array<std::int64_t, max_operands>;

  BroadcastLoop(std::span<const Shape> operands, const Shape& target);

  std::int64_t size() const { return size_; }
  std::int64_t operand_size(int k) const { return operand_size_[k]; }
  /// True if operand k is repeated along some axis: its adjoint is a sum.
  bool repeated(int k) const { return operand_size_[k] != size_; }
  /// 0 or 1: operand k's step along a row.
  std::size_t step(int k) const { return static_cast<std::size_t>(strides_[k][rank_ - 1]); }

  /// Units of work, in the order of the target.
  std::int64_t units() const { return units_; }
  /// Calls body(offsets of the operands, offset in the target, elements) for units first .. last
  /// - 1.
  template <class F>
  void run(std::int64_t first, std::int64_t last, F&& body) const;

  /// Runs all units in chunks, in parallel if there are many elements.
  template <class F>
  void parallel(F&& body) const {
    const std::int64_t chunks =
        std::max<std::int64_t>(1, std::min(elementwise_chunks(size_), units_));
    parallel_for(static_cast<std::size_t>(chunks), [&](std::size_t c) {
      const auto chunk = static_cast<std::int64_t>(c);
      run(part(units_, chunks, chunk), part(units_, chunks, chunk + 1), body);
    });
  }

 private:
  static constexpr std::int64_t segment = 2048;

  int rank_ = 1;  // after merging; at least 1
  int operands_ = 0;
  std::int64_t size_ = 0;
  std::int64_t units_ = 0;
  std::int64_t segments_ = 0;  // of a row
  std::array<std::int64_t, max_rank> dims_{1};
  std::array<Strides, max_operands> strides_{};
  std::array<std::int64_t, max_operands> operand_size_{};
};

template <class F>
void BroadcastLoop::run(std::int64_t first, std::int64_t last, F&& body) const {
  if (first >= last) return;
  const std::int64_t n = dims_[rank_ - 1];
  std::int64_t row = first / segments_, part = first % segments_;
  std::array<std::int64_t, max_rank> index{};
  Offsets start{};
  std::int64_t rest = row;
  for (int axis = rank_ - 2; axis >= 0; --axis) {
    index[axis] = rest % dims_[axis];
    rest /= dims_[axis];
    for (int k = 0; k < operands_; ++k) start[k] += index[axis] * strides_[k][axis];
  }
  for (std::int64_t unit = first; unit < last; ++unit) {
    const std::int64_t begin = part * segment;
    Offsets offsets = start;
    for (int k = 0; k < operands_; ++k) offsets[k] += begin * strides_[k][rank_ - 1];
    body(offsets, row * n + begin, std::min(segment, n - begin));
    if (++part < segments_) continue;
    part = 0;
    ++row;
    for (int axis = rank_ - 2; axis >= 0; --axis) {
      for (int k = 0; k < operands_; ++k) start[k] += strides_[k][axis];
      if (++index[axis] < dims_[axis]) break;
      for (int k = 0; k < operands_; ++k) start[k] -= dims_[axis] * strides_[k][axis];
      index[axis] = 0;
    }
  }
}

}  // namespace nelbo
