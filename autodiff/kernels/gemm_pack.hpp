#pragma once
// Packing: rows that are contiguous along k are transposed into panels that a tile reads step by
// step. Included by *.isa.cpp only.
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
auto join(typename Vector<T, sizeof...(I) / 2>::type low,
          typename Vector<T, sizeof...(I) / 2>::type high, std::index_sequence<I...>) {
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
  const auto store = [&](std::size_t p, const V& v) {
    std::memcpy(packed + p * stride, &v, sizeof v);
  };
  std::size_t p = 0;
  for (; p + lane<T> <= k; p += lane<T>) {
    if constexpr (lane<T> == 4) {
      const V a = gather_lanes<T, N>(rows, p), b = gather_lanes<T, N>(rows + 1, p);
      const V c = gather_lanes<T, N>(rows + 2, p), d = gather_lanes<T, N>(rows + 3, p);
      const V ab = interleave<T, 0, 1>(a, b, index), cd = interleave<T, 0, 1>(c, d, index);
      const V ab_high = interleave<T, 1, 1>(a, b, index),
              cd_high = interleave<T, 1, 1>(c, d, index);
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

/// Elements first ... first + count - 1 of every step go to packed[p * width ...], padded to
/// `width`.
template <class T>
struct PanelCopy {
  std::size_t first, count, width;
  T* packed;
};

/// packed[p * width + i] = data[p * along + i] for i < count, 0 for count <= i < width.
template <class T>
void copy_steps(const T* data, std::ptrdiff_t along, std::size_t k, std::size_t count,
                std::size_t width, T* packed) {
  for (std::size_t p = 0; p < k; ++p, data += along, packed += width) {
    for (std::size_t i = 0; i < count; ++i) packed[i] = data[i];
    for (std::size_t i = count; i < width; ++i) packed[i] = T(0);
  }
}

/// The same with count = width = Vectors registers.
template <class T, std::size_t Vectors>
void copy_registers(const T* data, std::ptrdiff_t along, std::size_t k, T* packed) {
  using V = Batch<T>;
  for (std::size_t p = 0; p < k; ++p, data += along, packed += Vectors * V::size) {
    V v[Vectors];
    for (std::size_t i = 0; i < Vectors; ++i) v[i] = V::load_unaligned(data + i * V::size);
    for (std::size_t i = 0; i < Vectors; ++i) v[i].store_unaligned(packed + i * V::size);
  }
}

/// Packs an operand whose steps are contiguous: element i of step p lies at data[p * along + i], i
/// < size. A step is often a page of memory from the next: a few steps of all panels are copied
/// before the next steps.
template <class T>
void copy_panels(const T* data, std::ptrdiff_t along, std::size_t size, std::size_t k,
                 const PanelCopy<T>* panels, std::size_t count) {
  constexpr std::size_t pages = 32;
  for (std::size_t p = 0; p < k; p += pages) {
    const std::size_t steps = k - p < pages ? k - p : pages;
    for (std::size_t q = 0; q < count; ++q) {
      const PanelCopy<T>& panel = panels[q];
      const T* from = data + static_cast<std::ptrdiff_t>(p) * along + panel.first;
      T* to = panel.packed + p * panel.width;
      // Reading past the panel's own elements is fine inside the matrix.
      const bool inside = panel.first + panel.width <= size;
      if (inside && panel.width == Batch<T>::size) {
        copy_registers<T, 1>(from, along, steps, to);
      } else if (inside && panel.width == 2 * Batch<T>::size) {
        copy_registers<T, 2>(from, along, steps, to);
      } else {
        copy_steps(from, along, steps, panel.count, panel.width, to);
      }
    }
  }
}

/// Packs `count` rows of k numbers each, padded to `width` rows: row i of step p lies at
/// data[i * across + p * along].
template <class T>
void pack_rows(const T* data, std::ptrdiff_t across, std::ptrdiff_t along, std::size_t k,
               std::size_t count, std::size_t width, T* packed) {
  // Padding repeats a row: it only reaches sums that nobody stores.
  const auto row = [&](std::size_t i) {
    return data + static_cast<std::ptrdiff_t>(i < count ? i : 0) * across;
  };
  if (along != 1) {
    for (std::size_t p = 0; p < k; ++p) {
      for (std::size_t i = 0; i < width; ++i) {
        packed[p * width + i] = row(i)[static_cast<std::ptrdiff_t>(p) * along];
      }
    }
    return;
  }
  constexpr std::size_t N = Batch<T>::size;
  const T* rows[N];
  std::size_t first = 0;
  for (; first + N <= width; first += N) {
    for (std::size_t i = 0; i < N; ++i) rows[i] = row(first + i);
    transpose_rows<T, N>(rows, k, packed + first, width);
  }
  for (; first < width; first += lane<T>) {
    for (std::size_t i = 0; i < lane<T>; ++i) rows[i] = row(first + i);
    transpose_rows<T, lane<T>>(rows, k, packed + first, width);
  }
}

}  // namespace
}  // namespace nelbo::kernels::NELBO_ISA
