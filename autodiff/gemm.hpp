#pragma once
#include <cstdint>

#include "autodiff/activation.hpp"

namespace nelbo {

/// A matrix operand: element (i, j) is data[i * row_stride + j * col_stride]. Products are fast
/// when either stride is 1, which covers a row-major matrix and its transpose.
template <class T>
struct MatrixView {
  const T* data;
  std::int64_t row_stride;
  std::int64_t col_stride;
};

/// The row-major matrix at `data`, rows `stride` apart.
template <class T>
MatrixView<T> row_major(const T* data, std::int64_t stride) {
  return {data, stride, 1};
}

/// The transpose of the row-major matrix at `data`, rows `stride` apart.
template <class T>
MatrixView<T> transposed(const T* data, std::int64_t stride) {
  return {data, 1, stride};
}

/// What happens to the finished sums while they are in cache: y = activation(y + bias).
template <class T>
struct Epilogue {
  const T* bias = nullptr;  // [n], added to every row
  Activation activation = Activation::identity;
};

/// C [m, n] = epilogue([C +] A [m, k] B [k, n]), C row-major with rows `ldc` apart, A and B any
/// layout. C must not overlap A or B. k = 0 gives epilogue([C +] 0). T is float or double.
///
/// The order of every sum follows from m, n and k and the instruction set alone: any number of
/// threads gives the same bits. Uses the threads of parallel_for where the product is large enough
/// to pay for it, and scratch memory that the calling thread keeps for the next product.
template <class T>
void gemm(std::int64_t m, std::int64_t n, std::int64_t k, MatrixView<T> a, MatrixView<T> b, T* c,
          std::int64_t ldc, bool accumulate = false, Epilogue<T> epilogue = {});

/// `count` products; those of index i use a.data + i a_step, b.data + i b_step and c + i c_step. A
/// step of 0 shares the operand (c_step must not be 0 for count > 1).
template <class T>
void gemm_batched(std::int64_t count, std::int64_t m, std::int64_t n, std::int64_t k,
                  MatrixView<T> a, std::int64_t a_step, MatrixView<T> b, std::int64_t b_step, T* c,
                  std::int64_t ldc, std::int64_t c_step, bool accumulate = false,
                  Epilogue<T> epilogue = {});

}  // namespace nelbo
