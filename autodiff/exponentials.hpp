#pragma once
#include <cstddef>

namespace nelbo {

/// y[i] = exp(x[i]) and exp(x[i]) - 1, by the active kernels: a few units in the last place, 0
/// where exp is below the smallest normal number. x and y may be the same.
void exp_of(const float* x, float* y, std::size_t n);
void exp_of(const double* x, double* y, std::size_t n);
void expm1_of(const double* x, double* y, std::size_t n);

}  // namespace nelbo
