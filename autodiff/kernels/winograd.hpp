#pragma once
#include <cstddef>

#include "autodiff/activation.hpp"

namespace nelbo::kernels {

/// Minimal filtering F(2x2, 2x2) (Winograd 1980; Lavin & Gray 2016). In one dimension, two outputs of a filter of
/// two taps take three products in place of four:
///
///   y_i = x_i g_0 + x_(i+1) g_1, i = 0, 1:   y = S' [(D x) (S g)],
///   D x = (x_0 - x_1, x_1, x_2 - x_1),  S g = (g_0, g_0 + g_1, g_1),
///
/// and the gradient of the filter is S' [(D x) (S y)]. In two dimensions each acts on rows and on columns: nine products
/// in place of sixteen. These kernels are D, S and S' of pixels of `channels` numbers each, a multiple of 16. Elements
/// of a 3 x 3 result lie `step` apart.
template <class T>
struct WinogradTable {
  /// D x D' of the 3 x 3 pixels at `pixels`, row by row.
  void (*differences)(const T* const* pixels, std::size_t channels, T* out, std::ptrdiff_t step);
  /// S y S' of the 2 x 2 pixels at `pixels`.
  void (*sums)(const T* const* pixels, std::size_t channels, T* out, std::ptrdiff_t step);
  /// The 2 x 2 pixels at `pixels`, those that are not null, = activation([pixel +] S' p S + bias); bias [channels] or
  /// null.
  void (*collect)(const T* products, std::ptrdiff_t step, std::size_t channels, T* const* pixels,
                  const T* bias, Activation activation, bool add);
};

struct WinogradKernels {
  WinogradTable<float> f32;
  WinogradTable<double> f64;
};

}  // namespace nelbo::kernels
