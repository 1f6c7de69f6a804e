#include "autodiff/shape.hpp"

#include <algorithm>

#include "autodiff/error.hpp"

namespace nelbo {

Shape::Shape(std::initializer_list<std::int64_t> dims)
    : Shape(std::span<const std::int64_t>(dims.begin(), dims.size())) {}

Shape::Shape(std::span<const std::int64_t> dims) {
  for (std::int64_t dim : dims) push_back(dim);
}

void Shape::push_back(std::int64_t dim) {
  if (rank_ == max_rank) {
    throw Error("shape: more than " + std::to_string(max_rank) + " axes after " + text());
  }
  if (dim < 0) throw Error("shape: axis " + std::to_string(rank_) + " is negative");
  dims_[rank_++] = dim;
}

std::int64_t Shape::size() const {
  std::int64_t n = 1;
  for (int i = 0; i < rank_; ++i) n *= dims_[i];
  return n;
}

std::string Shape::text() const {
  std::string text = "[";
  for (int i = 0; i < rank_; ++i) text += (i ? ", " : "") + std::to_string(dims_[i]);
  return text + "]";
}

Strides row_major(const Shape& shape) {
  Strides strides{};
  std::int64_t step = 1;
  for (int i = shape.rank() - 1; i >= 0; --i) {
    strides[i] = step;
    step *= shape[i];
  }
  return strides;
}

bool is_row_major(const Shape& shape, const Strides& strides) {
  if (shape.size() == 0) return true;
  std::int64_t step = 1;
  for (int i = shape.rank() - 1; i >= 0; --i) {
    if (shape[i] != 1 && strides[i] != step) return false;
    step *= shape[i];
  }
  return true;
}

Shape broadcast(const Shape& a, const Shape& b, const char* op) {
  const int rank = std::max(a.rank(), b.rank());
  Shape out;
  for (int i = 0; i < rank; ++i) {
    const int ia = i - (rank - a.rank());
    const int ib = i - (rank - b.rank());
    const std::int64_t da = ia < 0 ? 1 : a[ia];
    const std::int64_t db = ib < 0 ? 1 : b[ib];
    if (da != db && da != 1 && db != 1) {
      throw Error(std::string(op) + ": shapes " + a.text() + " and " + b.text() +
                  " do not broadcast: axis " + std::to_string(i - rank) + " is " +
                  std::to_string(da) + " and " + std::to_string(db));
    }
    out.push_back(da == 1 ? db : da);
  }
  return out;
}

Strides broadcast_strides(const Shape& shape, const Strides& strides, const Shape& target) {
  Strides out{};
  const int missing = target.rank() - shape.rank();
  for (int i = 0; i < shape.rank(); ++i) {
    out[i + missing] = shape[i] == 1 && target[i + missing] != 1 ? 0 : strides[i];
  }
  return out;
}

int normalize_axis(int axis, const Shape& shape, const char* op) {
  const int normal = axis < 0 ? axis + shape.rank() : axis;
  if (normal < 0 || normal >= shape.rank()) {
    throw Error(std::string(op) + ": axis " + std::to_string(axis) + " is not in shape " +
                shape.text());
  }
  return normal;
}

}  // namespace nelbo
