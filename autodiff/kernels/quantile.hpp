#pragma once
#include <cstddef>
#include <cstdint>

namespace nelbo::kernels {

/// Quantiles of the standard normal distribution. A word has as many bits as a T.
template <class T, class Word>
struct QuantileFunctions {
  /// z[i] at probabilities p[i]: -infinity at 0, infinity at 1, NaN outside.
  void (*normal)(const T* p, T* z, std::size_t n);
  /// z[i] at (w + 1/2) / 2^32 of words w, at (w + 1/2) / 2^52 of the upper 52 bits of the wide
  /// ones. Reads words up to a multiple of 16.
  void (*normal_of_words)(const Word* words, T* z, std::size_t n);
};

struct QuantileKernels {
  QuantileFunctions<float, std::uint32_t> f32;
  QuantileFunctions<double, std::uint64_t> f64;
};

}  // namespace nelbo::kernels
