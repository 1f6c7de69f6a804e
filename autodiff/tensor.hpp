#pragma once
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <span>
#include <vector>

#include "autodiff/dtype.hpp"
#include "autodiff/shape.hpp"

namespace nelbo {

/// A dense array outside every tape: 64-byte aligned, row-major, or a strided view of one. Copies
/// share the memory; reshape, slice, permute and transpose are views where that is free.
class Tensor {
 public:
  /// A scalar 0 of type f32.
  Tensor();
  /// Zeros.
  explicit Tensor(const Shape& shape, DType dtype = DType::f32);
  /// A view of memory that the caller keeps alive.
  Tensor(void* data, const Shape& shape, const Strides& strides, DType dtype);
  /// Row-major copy of `values`. Throws Error if their number is not shape.size().
  static Tensor of(std::span<const double> values, const Shape& shape, DType dtype = DType::f32);
  static Tensor of(std::initializer_list<double> values, const Shape& shape,
                   DType dtype = DType::f32);
  static Tensor full(const Shape& shape, double value, DType dtype = DType::f32);

  const Shape& shape() const { return shape_; }
  const Strides& strides() const { return strides_; }
  DType dtype() const { return dtype_; }
  std::int64_t size() const { return shape_.size(); }
  bool row_major() const { return is_row_major(shape_, strides_); }

  void* data() const { return data_; }
  /// First element. Throws Error if T is not the element type.
  template <class T>
  T* data_as() const {
    check_dtype(dtype_of<T>);
    return static_cast<T*>(data_);
  }

  /// The element at `index`, one number per axis. Throws Error if out of range.
  double at(std::initializer_list<std::int64_t> index) const;
  void set(std::initializer_list<std::int64_t> index, double value) const;
  /// The only element. Throws Error if there are more.
  double item() const;
  /// All elements in row-major order.
  std::vector<double> values() const;

  /// Free for row-major tensors, a copy otherwise. Throws Error if the sizes differ.
  Tensor reshape(const Shape& shape) const;
  /// Elements start..stop-1 of one axis; a view.
  Tensor slice(int axis, std::int64_t start, std::int64_t stop) const;
  /// Axes in the order given; a view.
  Tensor permute(std::initializer_list<int> axes) const;
  Tensor transpose(int a, int b) const;
  /// Itself if row-major, else a row-major copy.
  Tensor contiguous() const;
  Tensor cast(DType dtype) const;
  /// Copies the values of `other`, of the same shape, into this tensor's memory, converting.
  void copy_from(const Tensor& other) const;

 private:
  void check_dtype(DType wanted) const;
  std::int64_t offset(std::initializer_list<std::int64_t> index) const;

  std::shared_ptr<void> owner_;
  void* data_;
  Shape shape_;
  Strides strides_{};
  DType dtype_ = DType::f32;
};

}  // namespace nelbo
