#pragma once
#include "autodiff/tensor.hpp"

namespace nelbo {

/// The lower triangular l [n, n] with l l' = a, whose lower triangle is read; NaN where a has none.
/// Row-major f64, as are those below.
Tensor cholesky_of(const Tensor& a);

/// l^-1 b, or l'^-1 b where `transposed`, of a lower triangular l [n, n] and b [n, k]: [n, k].
Tensor triangular_solution(const Tensor& l, const Tensor& b, bool transposed);

}  // namespace nelbo
