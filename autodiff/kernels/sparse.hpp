#pragma once
#include <cstddef>
#include <cstdint>

#include "autodiff/activation.hpp"

namespace nelbo::kernels {

/// Sparse rows: those entries of row r that are not zero are index[i], value[i] for
/// i = begin[r] ... begin[r + 1] - 1, by ascending index.
template <class T>
struct SparseLists {
  const std::uint32_t* begin;
  const std::uint32_t* index;
  const T* value;
};

/// Some rows and columns of C = epilogue([C +] S D): S sparse rows, D and C dense and row-major. d,
/// c and bias begin at the piece's first column.
template <class T>
struct SparsePiece {
  SparseLists<T> s;
  const T* d;
  std::ptrdiff_t d_stride;
  T* c;
  std::ptrdiff_t c_stride;
  std::size_t first_row, last_row;  // of S and C, the last one excluded
  std::size_t columns;
  bool accumulate;
  const T* bias;  // [columns] or null
  Activation activation;
};

template <class T>
struct SparseTable {
  std::size_t widest;  // columns that one pass over a row's list computes
  /// Bit i of `bits` is set if x[i] is not zero; counts[w] of word w are set. The last word is
  /// filled up with zeros.
  void (*mark)(const T* x, std::size_t n, std::uint64_t* bits, std::uint8_t* counts);
  void (*multiply)(const SparsePiece<T>&);
};

struct SparseKernels {
  SparseTable<float> f32;
  SparseTable<double> f64;
};

}  // namespace nelbo::kernels
