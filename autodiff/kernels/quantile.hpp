#pragma once
#include <cstddef>
#include <cstdint>

namespace nelbo::kernels {

/// Quantiles of the standard normal distribution.
struct QuantileKernels {
  /// z[i] at probabilities p[i]: -infinity at 0, infinity at 1, NaN outside.
  void (*normal_f32)(const float* p, float* z, std::size_t n);
  void (*normal_f64)(const double* p, double* z, std::size_t n);
  /// z[i] at (w + 1/2) / 2^32 of words w, at (w + 1/2) / 2^52 of the upper 52 bits of the wide
  /// ones. Reads words up to a multiple of 16.
  void (*normal_of_words_f32)(const std::uint32_t* words, float* z, std::size_t n);
  void (*normal_of_words_f64)(const std::uint64_t* words, double* z, std::size_t n);
};

}  // namespace nelbo::kernels
