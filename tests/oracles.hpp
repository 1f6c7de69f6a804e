#pragma once
// What oracles in plain double are made of.
#include <cmath>
#include <numbers>
#include <string>
#include <vector>

#include "autodiff/parameters.hpp"

namespace nelbo::tests {

/// x W + b of one row, with the layer's "weight" [I, O] and "bias" [O].
inline std::vector<double> dense(const ParameterStore& store, const std::string& layer,
                                 const std::vector<double>& x) {
  const Tensor weight = store.tensor(layer + ".weight"), bias = store.tensor(layer + ".bias");
  std::vector<double> y = bias.values();
  for (std::size_t i = 0; i < x.size(); ++i) {
    for (std::size_t o = 0; o < y.size(); ++o) {
      y[o] += x[i] * weight.at({std::int64_t(i), std::int64_t(o)});
    }
  }
  return y;
}

inline std::vector<double> tanh_of(std::vector<double> x) {
  for (double& v : x) v = std::tanh(v);
  return x;
}

/// log N(z; mean, variance).
inline double log_normal(double z, double mean, double variance) {
  return -(z - mean) * (z - mean) / (2 * variance) - std::log(2 * std::numbers::pi * variance) / 2;
}

}  // namespace nelbo::tests
