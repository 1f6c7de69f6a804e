#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>

namespace nelbo {

inline constexpr int max_rank = 6;

/// Numbers per axis, outermost first; rank 0 is a scalar. Plain data without a heap.
class Shape {
 public:
  Shape() = default;
  /// Throws Error if there are more than max_rank axes or one is negative.
  Shape(std::initializer_list<std::int64_t> dims);
  explicit Shape(std::span<const std::int64_t> dims);

  int rank() const { return rank_; }
  /// Axis i; negative i counts from the end, as in NumPy.
  std::int64_t operator[](int i) const { return dims_[i < 0 ? i + rank_ : i]; }
  std::int64_t& operator[](int i) { return dims_[i < 0 ? i + rank_ : i]; }
  /// Product of all axes; 1 for a scalar.
  std::int64_t size() const;
  void push_back(std::int64_t dim);
  std::span<const std::int64_t> dims() const { return {dims_.data(), std::size_t(rank_)}; }
  /// "[20, 784]"
  std::string text() const;

  friend bool operator==(const Shape& a, const Shape& b) {
    if (a.rank_ != b.rank_) return false;
    for (int i = 0; i < a.rank_; ++i) {
      if (a.dims_[i] != b.dims_[i]) return false;
    }
    return true;
  }

 private:
  std::array<std::int64_t, max_rank> dims_{};
  int rank_ = 0;
};

/// Steps between neighbours along each axis, in elements (0 along a broadcast axis).
using Strides = std::array<std::int64_t, max_rank>;

Strides row_major(const Shape& shape);
bool is_row_major(const Shape& shape, const Strides& strides);

/// Common shape of a and b under NumPy's rules. Throws Error naming `op` and both shapes.
Shape broadcast(const Shape& a, const Shape& b, const char* op);

/// Strides with which a row-major or strided `shape` is read as if it had shape `target`.
Strides broadcast_strides(const Shape& shape, const Strides& strides, const Shape& target);

/// Axis in 0..rank-1. Throws Error naming `op` if out of range.
int normalize_axis(int axis, const Shape& shape, const char* op);

}  // namespace nelbo
