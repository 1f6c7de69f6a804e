#pragma once
#include <cstddef>

namespace nelbo {

/// The z[i] below which a standard normal number lies with probability p[i]: the inverse of its
/// distribution function. Relative error below 1e-14 in double and 1e-6 in float; -infinity at p =
/// 0 (and below the smallest normal number), infinity at 1, NaN outside. Wichura (1988), AS 241.
void normal_quantile(const float* p, float* z, std::size_t n);
void normal_quantile(const double* p, double* z, std::size_t n);

}  // namespace nelbo
