#pragma once
// Copies between row-major and strided memory.
#include <array>
#include <cstdint>
#include <cstring>

#include "autodiff/tensor.hpp"

namespace nelbo {

/// to[shape, row-major] = from[shape, strides]
template <class T>
void gather(const T* from, const Shape& shape, const Strides& strides, T* to) {
  const int rank = shape.rank();
  const std::int64_t n = shape.size();
  if (n == 0) return;
  const std::int64_t inner = rank ? shape[-1] : 1;
  const std::int64_t step = rank ? strides[rank - 1] : 1;
  std::array<std::int64_t, max_rank> index{};
  for (std::int64_t done = 0; done < n; done += inner) {
    if (step == 1) {
      std::memcpy(to + done, from, inner * sizeof(T));
    } else {
      for (std::int64_t i = 0; i < inner; ++i) to[done + i] = from[i * step];
    }
    for (int axis = rank - 2; axis >= 0; --axis) {
      from += strides[axis];
      if (++index[axis] < shape[axis]) break;
      from -= strides[axis] * shape[axis];
      index[axis] = 0;
    }
  }
}

/// to[shape, strides] (+)= from[shape, row-major]
template <class T>
void scatter(const T* from, const Shape& shape, const Strides& strides, T* to, bool add) {
  const int rank = shape.rank();
  const std::int64_t n = shape.size();
  if (n == 0) return;
  const std::int64_t inner = rank ? shape[-1] : 1;
  const std::int64_t step = rank ? strides[rank - 1] : 1;
  std::array<std::int64_t, max_rank> index{};
  for (std::int64_t done = 0; done < n; done += inner) {
    if (add) {
      for (std::int64_t i = 0; i < inner; ++i) to[i * step] += from[done + i];
    } else {
      for (std::int64_t i = 0; i < inner; ++i) to[i * step] = from[done + i];
    }
    for (int axis = rank - 2; axis >= 0; --axis) {
      to += strides[axis];
      if (++index[axis] < shape[axis]) break;
      to -= strides[axis] * shape[axis];
      index[axis] = 0;
    }
  }
}

}  // namespace nelbo
