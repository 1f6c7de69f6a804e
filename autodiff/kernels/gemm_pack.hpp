#pragma once
// Packing: rows that are contiguous along k are transposed into panels that a tile reads step by step.
// Included by *.isa.cpp only.
#include <cstring>
#include <utility>

#include "autodiff/kernels/simd.hpp"

namespace nelbo::kernels::NELBO_ISA {
namespace {

/// A register as the compiler's own vector type: xsimd 8.1 has no transposition.
template <class T, std::size_t N>
struct Vector {
  typedef T type [[gnu::vector_size(N * sizeof(T))]];
};
/// Elements of a 128-bit lane, within which shuffles are cheap.
template <class T>
inline constexpr std::size_t lane = 16 / sizeof(T);

template <class T, std::size_t... I>
auto join(typename Vector<T, sizeof...(I) / 2>::type low, typename Vector<T, sizeof...(I) / 2>::type high,
          std::index_sequence<I...>) {
  return __builtin_shufflevector(low, high, I...);
}

/// The lanes at `rows[0]`, `rows[stride]`, ... side by side.
template <class T, std::size_t N>
[[gnu::always_inline]] inline typename Vector<T, N>::type gather_lanes(const T* const* rows,
                                                                       std::size_t p) {
  if constexpr (N == lane<T>) {
    typename Vector<T, N>::type v;
    std::memcpy(&v, rows[0] + p, sizeof v);
    return v;
  } else {
    return join<T>(gather_lanes<T, N / 2>(rows, p), gather_lanes<T, N / 2>(rows + N / 2, p),
                   std::make_index_sequence<N>());
  }
}

/// In every lane, elements a0 b0 a1 b1 ... of its lower (Half = 0) or upper half, `Unit` at a time.
template <class T, std::size_t Half, std::size_t Unit, class V, std::size_t... I>
[[gnu::always_inline]] inline V interleave(const V& a, const V& b, std::index_sequence<I...>) {
  constexpr std::size_t n = sizeof...(I);
  return __builtin_shufflevector(
      a, b,
      (I / lane<T> * lane<T> + Half * lane<T> / 2 + I % lane<T> / (2 * Unit) * Unit + I % Unit +
       (I / Unit % 2 != 0 ? n : 0))...);
}

/// packed[p * stride + i] = rows[i][p] for i = 0 ... N - 1 and p = 0 ... k - 1.
template <class T, std::size_t N>
void transpose_rows(const T* const* rows, std::size_t k, T* packed, std::size_t stride) {
  using V = typename Vector<T, N>::type;
  constexpr auto index = std::make_index_sequence<N>();
  const auto store = [&](std::size_t p, const V& v) { std::memcpy(packed + p * stride, &v, sizeof v); };
  std::size_t p = 0;
  for (; p + lane<T> <= k; p += lane<T>) {
    if constexpr (lane<T> == 4) {
      const V a = gather_lanes<T, N>(rows, p), b = gather_lanes<T, N>(rows + 1, p);
      const V c = gather_lanes<T, N>(rows + 2, p), d = gather_lanes<T, N>(rows + 3, p);
      const V ab = interleave<T, 0, 1>(a, b, index), cd = interleave<T, 0, 1>(c, d, index);
      const V ab_high = interleave<T, 1, 1>(a, b, index), cd_high = interleave<T, 1, 1>(c, d, index);
      store(p, interleave<T, 0, 2>(ab, cd, index));
      store(p + 1, interleave<T, 1, 2>(ab, cd, index));
      store(p + 2, interleave<T, 0, 2>(ab_high, cd_high, index));
      store(p + 3, interleave<T, 1, 2>(ab_high, cd_high, index));
    } else {
      const V a = gather_lanes<T, N>(rows, p), b = gather_lanes<T, N>(rows + 1, p);
      store(p, interleave<T, 0, 1>(a, b, index));
      store(p + 1, interleave<T, 1, 1>(a, b, index));
    }
  }
  for (; p < k; ++p) {
    for (std::size_t i = 0; i < N; ++i) packed[p * stride + i] = rows[i][p];
  }
}

/// packed[p * stride + i] = a[p * step + i] for i = 0 ... count - 1, 0 up to `stride`. Reads `stride` elements
/// at once where `readable` says that they are there.
template <class T>
void copy_steps(const T* a, std::ptrdiff_t step, std::size_t k, std::size_t count, bool readable,
                T* packed, std::size_t stride) {
  using V = Batch<T>;
  if (readable && stride % V::size == 0) {
    for (std::size_t p = 0; p < k; ++p, a += step, packed += stride) {
      for (std::size_t i = 0; i < stride; i += V::size) {
        V::load_unaligned(a + i).store_unaligned(packed + i);
      }
    }
    return;
  }
  for (std::size_t p = 0; p < k; ++p, a += step, packed += stride) {
    for (std::size_t i = 0; i < count; ++i) packed[i] = a[i];
    for (std::size_t i = count; i < stride; ++i) packed[i] = T(0);
  }
}

/// An operand seen from the panel's side: element (i, p) lies at data[i * across + p * along], p along k.
template <class T>
struct StridedPanel {
  const T* data;
  std::ptrdiff_t across, along;
  std::size_t size;  // panel elements readable from data on

  /// Packs elements 0 ... count - 1 of k steps, padded to `width`, `stride` apart. Padding holds finite or
  /// repeated numbers: it only reaches sums that nobody stores.
  void pack(std::size_t count, std::size_t k, T* packed, std::size_t width) const {
    if (across == 1) return copy_steps(data, along, k, count, size >= width, packed, width);
    if (along == 1) {
      constexpr std::size_t N = Batch<T>::size;
      std::size_t i = 0;
      for (; i + N <= width; i += N) pack_rows<N>(i, count, k, packed, width);
      if constexpr (N > lane<T>) {
        for (; i < width; i += lane<T>) pack_rows<lane<T>>(i, count, k, packed, width);
      }
      return;
    }
    for (std::size_t p = 0; p < k; ++p) {
      for (std::size_t i = 0; i < width; ++i) {
        const std::ptrdiff_t row = i < count ? i : 0;
        packed[p * width + i] = data[row * across + static_cast<std::ptrdiff_t>(p) * along];
      }
    }
  }

 private:
  template <std::size_t N>
  void pack_rows(std::size_t first, std::size_t count, std::size_t k, T* packed,
                 std::size_t width) const {
    const T* rows[N];
    for (std::size_t i = 0; i < N; ++i) {
      const std::ptrdiff_t row = first + i < count ? first + i : 0;
      rows[i] = data + row * across;
    }
    transpose_rows<T, N>(rows, k, packed + first, width);
  }
};

}  // namespace
}  // namespace nelbo::kernels::NELBO_ISA
