#pragma once
// Activations over rows that were just computed. Included by *.isa.cpp only.
#include "autodiff/activation.hpp"
#include "autodiff/kernels/math.hpp"
#include "autodiff/kernels/partial.hpp"

namespace nelbo::kernels::NELBO_ISA {
namespace {

/// y = activation(y) for n elements of `count` rows. Flattened: a call per register would cost as
/// much as the function.
template <class T>
[[gnu::noinline, gnu::flatten]] void activate(Activation activation, T* const* rows, int count,
                                              std::size_t n) {
  const auto map_rows = [&](auto f) {
    for (int i = 0; i < count; ++i) {
      T* y = rows[i];
      for (std::size_t j = 0; j < n; j += lanes<T>) store(y + j, n - j, f(load(y + j, n - j)));
    }
  };
  using V = Batch<T>;
  switch (activation) {
    case Activation::identity:
      return;
    case Activation::relu:
      return map_rows([](const V& x) { return at_least(x, T(0)); });
    case Activation::tanh:
      return map_rows([](const V& x) { return NELBO_ISA::tanh(x); });
    case Activation::sigmoid:
      return map_rows([](const V& x) { return sigmoid(x); });
    case Activation::softplus:
      return map_rows([](const V& x) { return softplus(x); });
    case Activation::elu:
      return map_rows([](const V& x) { return elu(x); });
    case Activation::silu:
      return map_rows([](const V& x) { return silu(x); });
    case Activation::gelu:
      return map_rows([](const V& x) { return gelu(x); });
    case Activation::leaky_relu:
      return map_rows(
          [](const V& x) { return xsimd::select(x > V(T(0)), x, V(T(leaky_slope)) * x); });
  }
}

}  // namespace
}  // namespace nelbo::kernels::NELBO_ISA
