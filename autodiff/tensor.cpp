#include "autodiff/tensor.hpp"

#include <algorithm>
#include <cstring>
#include <new>
#include <string>

#include "autodiff/error.hpp"

namespace nelbo {
namespace {

double read(const void* data, DType dtype, std::int64_t i) {
  switch (dtype) {
    case DType::f32:
      return static_cast<const float*>(data)[i];
    case DType::f64:
      return static_cast<const double*>(data)[i];
    case DType::i32:
      return static_cast<const std::int32_t*>(data)[i];
  }
  return 0;
}

void write(void* data, DType dtype, std::int64_t i, double value) {
  switch (dtype) {
    case DType::f32:
      static_cast<float*>(data)[i] = static_cast<float>(value);
      break;
    case DType::f64:
      static_cast<double*>(data)[i] = value;
      break;
    case DType::i32:
      static_cast<std::int32_t*>(data)[i] = static_cast<std::int32_t>(value);
      break;
  }
}

/// Calls visit(offset) for every element in row-major order.
template <class F>
void for_each_offset(const Shape& shape, const Strides& strides, F&& visit) {
  const std::int64_t n = shape.size();
  std::array<std::int64_t, max_rank> index{};
  std::int64_t offset = 0;
  for (std::int64_t i = 0; i < n; ++i) {
    visit(offset);
    for (int axis = shape.rank() - 1; axis >= 0; --axis) {
      offset += strides[axis];
      if (++index[axis] < shape[axis]) break;
      offset -= strides[axis] * shape[axis];
      index[axis] = 0;
    }
  }
}

}  // namespace

Tensor::Tensor() : Tensor(Shape{}) {}

Tensor::Tensor(const Shape& shape, DType dtype)
    : shape_(shape), strides_(nelbo::row_major(shape)), dtype_(dtype) {
  constexpr std::align_val_t alignment{64};
  const std::size_t bytes = std::max<std::size_t>(64, shape.size() * size_of(dtype));
  owner_ = std::shared_ptr<void>(::operator new(bytes, alignment),
                                 [](void* p) { ::operator delete (p, std::align_val_t{64}); });
  data_ = owner_.get();
  std::memset(data_, 0, bytes);
}

Tensor::Tensor(void* data, const Shape& shape, const Strides& strides, DType dtype)
    : data_(data), shape_(shape), strides_(strides), dtype_(dtype) {}

Tensor Tensor::of(std::span<const double> values, const Shape& shape, DType dtype) {
  if (std::int64_t(values.size()) != shape.size()) {
    throw Error("tensor: " + std::to_string(values.size()) + " values for shape " + shape.text());
  }
  Tensor out(shape, dtype);
  for (std::size_t i = 0; i < values.size(); ++i) write(out.data_, dtype, i, values[i]);
  return out;
}

Tensor Tensor::of(std::initializer_list<double> values, const Shape& shape, DType dtype) {
  return of(std::span<const double>(values.begin(), values.size()), shape, dtype);
}

Tensor Tensor::full(const Shape& shape, double value, DType dtype) {
  Tensor out(shape, dtype);
  for (std::int64_t i = 0; i < out.size(); ++i) write(out.data_, dtype, i, value);
  return out;
}

void Tensor::check_dtype(DType wanted) const {
  if (wanted != dtype_) {
    throw Error(std::string("tensor: holds ") + name_of(dtype_) + ", read as " + name_of(wanted));
  }
}

std::int64_t Tensor::offset(std::initializer_list<std::int64_t> index) const {
  if (int(index.size()) != shape_.rank()) {
    throw Error("tensor: " + std::to_string(index.size()) + " indices for shape " + shape_.text());
  }
  std::int64_t offset = 0;
  int axis = 0;
  for (std::int64_t i : index) {
    if (i < 0 || i >= shape_[axis]) {
      throw Error("tensor: index " + std::to_string(i) + " is outside axis " +
                  std::to_string(axis) + " of shape " + shape_.text());
    }
    offset += i * strides_[axis++];
  }
  return offset;
}

double Tensor::at(std::initializer_list<std::int64_t> index) const {
  return read(data_, dtype_, offset(index));
}

void Tensor::set(std::initializer_list<std::int64_t> index, double value) const {
  write(data_, dtype_, offset(index), value);
}

double Tensor::item() const {
  if (size() != 1) throw Error("tensor: item() of shape " + shape_.text());
  return read(data_, dtype_, 0);
}

std::vector<double> Tensor::values() const {
  std::vector<double> out;
  out.reserve(size());
  for_each_offset(shape_, strides_, [&](std::int64_t i) { out.push_back(read(data_, dtype_, i)); });
  return out;
}

Tensor Tensor::reshape(const Shape& shape) const {
  if (shape.size() != size()) {
    throw Error("reshape: " + shape_.text() + " does not fit into " + shape.text());
  }
  Tensor out = contiguous();
  out.shape_ = shape;
  out.strides_ = nelbo::row_major(shape);
  return out;
}

Tensor Tensor::slice(int axis, std::int64_t start, std::int64_t stop) const {
  axis = normalize_axis(axis, shape_, "slice");
  if (start < 0 || stop < start || stop > shape_[axis]) {
    throw Error("slice: " + std::to_string(start) + ".." + std::to_string(stop) +
                " is outside axis " + std::to_string(axis) + " of shape " + shape_.text());
  }
  Tensor out = *this;
  out.data_ =
      static_cast<std::byte*>(data_) + start * strides_[axis] * std::int64_t(size_of(dtype_));
  out.shape_[axis] = stop - start;
  return out;
}

Tensor Tensor::permute(std::initializer_list<int> axes) const {
  if (int(axes.size()) != shape_.rank()) {
    throw Error("permute: " + std::to_string(axes.size()) + " axes for shape " + shape_.text());
  }
  Tensor out = *this;
  unsigned seen = 0;
  int to = 0;
  for (int axis : axes) {
    const int from = normalize_axis(axis, shape_, "permute");
    if (seen & (1u << from)) throw Error("permute: axis " + std::to_string(axis) + " twice");
    seen |= 1u << from;
    out.shape_[to] = shape_[from];
    out.strides_[to++] = strides_[from];
  }
  return out;
}

Tensor Tensor::transpose(int a, int b) const {
  a = normalize_axis(a, shape_, "transpose");
  b = normalize_axis(b, shape_, "transpose");
  Tensor out = *this;
  std::swap(out.shape_[a], out.shape_[b]);
  std::swap(out.strides_[a], out.strides_[b]);
  return out;
}

Tensor Tensor::contiguous() const {
  if (row_major()) return *this;
  Tensor out(shape_, dtype_);
  out.copy_from(*this);
  return out;
}

Tensor Tensor::cast(DType dtype) const {
  Tensor out(shape_, dtype);
  out.copy_from(*this);
  return out;
}

void Tensor::copy_from(const Tensor& other) const {
  if (!(other.shape_ == shape_)) {
    throw Error("copy: shapes " + other.shape_.text() + " and " + shape_.text() + " differ");
  }
  if (dtype_ == other.dtype_ && row_major() && other.row_major()) {
    std::memcpy(data_, other.data_, size() * size_of(dtype_));
    return;
  }
  const std::vector<double> values = other.values();
  std::size_t next = 0;
  for_each_offset(shape_, strides_,
                  [&](std::int64_t i) { write(data_, dtype_, i, values[next++]); });
}

}  // namespace nelbo
