#pragma once
// One tile of C in registers: the micro-kernel of a matrix product, and how the tile leaves it.
// Included by *.isa.cpp only.
#include "autodiff/kernels/activate.hpp"
#include "autodiff/kernels/partial.hpp"

namespace nelbo::kernels::NELBO_ISA {
namespace {

// Tiles that keep the accumulators, a row of B and a broadcast element of A in the register file.
#if defined(NELBO_ISA_avx512)
inline constexpr int max_rows = 14;
#elif defined(NELBO_ISA_avx2)
inline constexpr int max_rows = 6;
#else
inline constexpr int max_rows = 4;
#endif

template <class T>
struct Registers {
  using Full = Batch<T>;
#if defined(NELBO_ISA_avx512)
  // Half a register costs half as much where 512 bits pass in two halves (Zen 4), and never more.
  using Half = xsimd::batch<T, xsimd::fma3<xsimd::avx2>>;
#else
  using Half = Full;
#endif
};

template <class T>
inline constexpr std::size_t full_width = Registers<T>::Full::size;
template <class T>
inline constexpr std::size_t half_width = Registers<T>::Half::size;
template <class T>
inline constexpr std::size_t panel_width = 2 * full_width<T>;

/// Where a tile of C goes. A row pointer per row: a product that scatters its rows only fills them
/// differently.
template <class T>
struct TileTarget {
  T* rows[max_rows];    // first column of the tile
  std::size_t columns;  // valid ones
  const T* bias;        // first column of the tile, or null
  Activation activation;
  bool accumulate;  // add what C holds
  bool finish;      // k ends here: bias and activation
};

/// Stores Rows x (Vectors registers V): C = [C +] sums [+ bias].
template <class T, class V, int Rows, int Vectors>
[[gnu::always_inline]] inline void store_full(V (&sum)[Rows][Vectors], T* const* rows,
                                              const T* bias, bool accumulate) {
  if (accumulate) {
#pragma GCC unroll 16
    for (int i = 0; i < Rows; ++i) {
#pragma GCC unroll 2
      for (int v = 0; v < Vectors; ++v) sum[i][v] += V::load_unaligned(rows[i] + v * V::size);
    }
  }
  if (bias != nullptr) {
#pragma GCC unroll 2
    for (int v = 0; v < Vectors; ++v) {
      const V b = V::load_unaligned(bias + v * V::size);
#pragma GCC unroll 16
      for (int i = 0; i < Rows; ++i) sum[i][v] += b;
    }
  }
#pragma GCC unroll 16
  for (int i = 0; i < Rows; ++i) {
#pragma GCC unroll 2
    for (int v = 0; v < Vectors; ++v) sum[i][v].store_unaligned(rows[i] + v * V::size);
  }
}

/// The same where the last columns do not fill the registers; `sums` holds `stride` of them for
/// each row.
template <class T>
[[gnu::noinline]] void store_partial(const T* sums, std::size_t stride, int rows,
                                     const TileTarget<T>& c) {
  const T* bias = c.finish ? c.bias : nullptr;
  for (int i = 0; i < rows; ++i, sums += stride) {
    for (std::size_t j = 0; j < c.columns; j += lanes<T>) {
      const std::size_t n = c.columns - j;
      Batch<T> y = load(sums + j, n);
      if (c.accumulate) y += load(c.rows[i] + j, n);
      if (bias != nullptr) y += load(bias + j, n);
      store(c.rows[i] + j, n, y);
    }
  }
}

template <class T, class V, int Rows, int Vectors>
[[gnu::always_inline]] inline void store_tile(V (&sum)[Rows][Vectors], const TileTarget<T>& c) {
  if (c.columns == Vectors * V::size) {
    store_full<T, V, Rows, Vectors>(sum, c.rows, c.finish ? c.bias : nullptr, c.accumulate);
  } else {
    constexpr std::size_t stride = Vectors * V::size;
    alignas(64) T sums[Rows * stride];
    // Unrolled like all loops over `sum`: one index that is not constant would keep it in memory.
#pragma GCC unroll 16
    for (int i = 0; i < Rows; ++i) {
#pragma GCC unroll 2
      for (int v = 0; v < Vectors; ++v) sum[i][v].store_aligned(sums + i * stride + v * V::size);
    }
    store_partial(sums, stride, Rows, c);
  }
  if (c.finish && c.activation != Activation::identity) {
    activate<T>(c.activation, c.rows, Rows, c.columns);
  }
}

/// Operand A of a tile: Rows numbers per step of k. Steps is a packed panel, or A^T read in place:
/// the rows lie side by side. Rows in place: every row is contiguous in k.
enum class Reading { steps, rows };

/// sum[i][:] = sum over p of a(i, p) b[p][:], p = 0 ... k - 1 in this order.
template <class T, class V, int Rows, int Vectors, Reading reading>
void multiply_tile(std::size_t k, const T* a, std::ptrdiff_t a_stride, const T* b,
                   std::ptrdiff_t b_stride, const TileTarget<T>& c) {
  // C is wanted k steps from now.
  for (int i = 0; i < Rows; ++i) {
    __builtin_prefetch(c.rows[i], 1);
    __builtin_prefetch(c.rows[i] + c.columns - 1, 1);
  }
  V sum[Rows][Vectors];
#pragma GCC unroll 16
  for (int i = 0; i < Rows; ++i) {
#pragma GCC unroll 2
    for (int v = 0; v < Vectors; ++v) sum[i][v] = V(T(0));
  }
  for (std::size_t p = 0; p < k; ++p) {
    V row[Vectors];
#pragma GCC unroll 2
    for (int v = 0; v < Vectors; ++v) row[v] = V::load_unaligned(b + v * V::size);
#pragma GCC unroll 16
    for (int i = 0; i < Rows; ++i) {
      const V x(reading == Reading::steps ? a[i] : a[i * a_stride]);
#pragma GCC unroll 2
      for (int v = 0; v < Vectors; ++v) sum[i][v] = xsimd::fma(x, row[v], sum[i][v]);
    }
    a += reading == Reading::steps ? a_stride : 1;
    b += b_stride;
  }
  store_tile<T, V, Rows, Vectors>(sum, c);
}

}  // namespace
}  // namespace nelbo::kernels::NELBO_ISA
