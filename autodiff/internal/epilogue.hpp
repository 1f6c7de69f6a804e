#pragma once
#include <cstdint>

#include "autodiff/activation.hpp"

namespace nelbo {

/// True if the derivative can be had from the value alone, so that the operand need not be kept.
constexpr bool follows_from_value(Activation activation) {
  return activation != Activation::silu && activation != Activation::gelu;
}

/// y[i] = activation(y[i]).
template <class T>
void apply_activation(Activation activation, T* y, std::int64_t n);

/// What lies behind the product in Y = activation(X W + b), Y [rows, columns], for an activation
/// that follows_from_value: turns the cotangent dY in place into that of X W + b and, if bias is
/// not null, sums it over the rows: bias [columns] (+)= sum of rows. Threaded; the sum is a fixed
/// tree.
template <class T>
void epilogue_backward(Activation activation, const T* y, T* dy, std::int64_t rows,
                       std::int64_t columns, T* bias, bool add);

}  // namespace nelbo
