#include "autodiff/kernels/sparse.hpp"

#include "autodiff/kernels/activate.hpp"
#include "autodiff/kernels/partial.hpp"

namespace nelbo::kernels::NELBO_ISA {
namespace {

/// One bit per lane that is not zero; NaN is not zero.
#if defined(__AVX512F__)
inline std::uint64_t nonzero(const Batch<float>& x) {
  return _mm512_cmp_ps_mask(x, _mm512_setzero_ps(), _CMP_NEQ_UQ);
}
inline std::uint64_t nonzero(const Batch<double>& x) {
  return _mm512_cmp_pd_mask(x, _mm512_setzero_pd(), _CMP_NEQ_UQ);
}
#elif defined(__AVX2__)
inline std::uint64_t nonzero(const Batch<float>& x) {
  return static_cast<unsigned>(
      _mm256_movemask_ps(_mm256_cmp_ps(x, _mm256_setzero_ps(), _CMP_NEQ_UQ)));
}
inline std::uint64_t nonzero(const Batch<double>& x) {
  return static_cast<unsigned>(
      _mm256_movemask_pd(_mm256_cmp_pd(x, _mm256_setzero_pd(), _CMP_NEQ_UQ)));
}
#elif defined(__SSE2__)
inline std::uint64_t nonzero(const Batch<float>& x) {
  return static_cast<unsigned>(_mm_movemask_ps(_mm_cmpneq_ps(x, _mm_setzero_ps())));
}
inline std::uint64_t nonzero(const Batch<double>& x) {
  return static_cast<unsigned>(_mm_movemask_pd(_mm_cmpneq_pd(x, _mm_setzero_pd())));
}
#else
template <class V>
std::uint64_t nonzero(const V& x) {
  typename V::value_type lane[V::size];
  x.store_unaligned(lane);
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < V::size; ++i) bits |= std::uint64_t{lane[i] != 0} << i;
  return bits;
}
#endif

template <class T>
void mark(const T* x, std::size_t n, std::uint64_t* bits, std::uint8_t* counts) {
  using V = Batch<T>;
  for (std::size_t word = 0; word * 64 < n; ++word) {
    std::uint64_t marks = 0;
    for (std::size_t shift = 0; shift < 64 && word * 64 + shift < n; shift += V::size) {
      const std::size_t i = word * 64 + shift;
      marks |= nonzero(load(x + i, n - i)) << shift;
    }
    bits[word] = marks;
    counts[word] = static_cast<std::uint8_t>(__builtin_popcountll(marks));
  }
}

/// Columns j ... of the piece, summed in Vectors registers, the last of which may hold only `last`
/// of them.
template <class T, int Vectors, bool partial>
void multiply_columns(const SparsePiece<T>& piece, std::size_t j, std::size_t last) {
  using V = Batch<T>;
  const auto load_at = [&](const T* p, int v) {
    if (partial && v == Vectors - 1) return load_first(p + v * V::size, last);
    return V::load_unaligned(p + v * V::size);
  };
  for (std::size_t r = piece.first_row; r < piece.last_row; ++r) {
    V sum[Vectors];
#pragma GCC unroll 8
    for (int v = 0; v < Vectors; ++v) sum[v] = V(T(0));
    for (std::size_t i = piece.s.begin[r], end = piece.s.begin[r + 1]; i < end; ++i) {
      const T* row = piece.d + static_cast<std::ptrdiff_t>(piece.s.index[i]) * piece.d_stride + j;
      const V x(piece.s.value[i]);
#pragma GCC unroll 8
      for (int v = 0; v < Vectors; ++v) sum[v] = xsimd::fma(x, load_at(row, v), sum[v]);
    }
    T* c = piece.c + static_cast<std::ptrdiff_t>(r) * piece.c_stride + j;
    if (piece.accumulate) {
#pragma GCC unroll 8
      for (int v = 0; v < Vectors; ++v) sum[v] += load_at(c, v);
    }
    if (piece.bias != nullptr) {
#pragma GCC unroll 8
      for (int v = 0; v < Vectors; ++v) sum[v] += load_at(piece.bias + j, v);
    }
#pragma GCC unroll 8
    for (int v = 0; v < Vectors; ++v) {
      T* to = c + v * V::size;
      if (partial && v == Vectors - 1) {
        store_first(to, last, sum[v]);
      } else {
        sum[v].store_unaligned(to);
      }
    }
    if (piece.activation != Activation::identity) {
      activate(piece.activation, &c, 1, (Vectors - 1) * V::size + (partial ? last : V::size));
    }
  }
}

constexpr std::size_t most_vectors = 8;

template <class T>
using ColumnsFunction = void (*)(const SparsePiece<T>&, std::size_t, std::size_t);

/// By number of registers less one.
template <class T, bool partial>
constexpr ColumnsFunction<T> by_vectors[most_vectors] = {
    multiply_columns<T, 1, partial>, multiply_columns<T, 2, partial>,
    multiply_columns<T, 3, partial>, multiply_columns<T, 4, partial>,
    multiply_columns<T, 5, partial>, multiply_columns<T, 6, partial>,
    multiply_columns<T, 7, partial>, multiply_columns<T, 8, partial>};

template <class T>
void multiply(const SparsePiece<T>& piece) {
  constexpr std::size_t width = Batch<T>::size, widest = most_vectors * width;
  for (std::size_t j = 0; j < piece.columns; j += widest) {
    const std::size_t left = piece.columns - j, columns = left < widest ? left : widest;
    const std::size_t last = columns % width, vectors = columns / width;
    if (last == 0) {
      by_vectors<T, false>[vectors - 1](piece, j, 0);
    } else {
      by_vectors<T, true>[vectors](piece, j, last);
    }
  }
}

template <class T>
constexpr SparseTable<T> table() {
  return {most_vectors * Batch<T>::size, mark<T>, multiply<T>};
}

}  // namespace

extern const SparseKernels sparse_kernels;
const SparseKernels sparse_kernels = {table<float>(), table<double>()};

}  // namespace nelbo::kernels::NELBO_ISA
