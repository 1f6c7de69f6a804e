#pragma once
#include <cstdint>

namespace nelbo {

/// Nonlinearities that a matrix product can apply to its result while it is in cache.
enum class Activation : std::uint8_t {
  identity,
  relu,        // max(x, 0)
  tanh,        //
  sigmoid,     // 1 / (1 + exp(-x))
  softplus,    // log(1 + exp(x))
  elu,         // x for x > 0, else exp(x) - 1
  silu,        // x sigmoid(x)
  gelu,        // x Phi(x), the exact form
  leaky_relu,  // x for x > 0, else leaky_slope x
};

inline constexpr double leaky_slope = 0.01;

}  // namespace nelbo
