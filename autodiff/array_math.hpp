#pragma once
// Functions of n numbers by the active kernels, outside every tape. x and y may be the same array.
#include <cstddef>

namespace nelbo {

/// y[i] = exp(x[i]) and exp(x[i]) - 1: a few units in the last place, 0 where exp is below the
/// smallest normal number.
void exp_of(const float* x, float* y, std::size_t n);
void exp_of(const double* x, double* y, std::size_t n);
void expm1_of(const double* x, double* y, std::size_t n);

/// The y[i] below which a standard normal number lies with probability x[i]: the inverse of its
/// distribution function. Relative error below 1e-14 in double and 1e-6 in float; -infinity at x =
/// 0 (and below the smallest normal number), infinity at 1, NaN outside. Wichura (1988), AS 241.
void normal_quantile(const float* x, float* y, std::size_t n);
void normal_quantile(const double* x, double* y, std::size_t n);

}  // namespace nelbo
