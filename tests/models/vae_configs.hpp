#pragma once
// Autoencoders that several tests make.
#include "models/vae.hpp"

namespace nelbo::tests {

/// Moments that are alike for every feature.
inline DataMoments flat_moments(const Shape& example, double mean = 0.2, double variance = 0.1) {
  return {Tensor::full(example, mean), Tensor::full(example, variance)};
}

inline VaeConfig small() {
  VaeConfig config;
  config.example = {2, 3};
  config.latent = 2;
  config.hidden = {5, 4};
  return config;
}

}  // namespace nelbo::tests
