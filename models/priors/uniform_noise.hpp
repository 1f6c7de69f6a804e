#pragma once
#include "autodiff/ops/elementwise_ops.hpp"
#include "autodiff/ops/reduce_ops.hpp"
#include "autodiff/ops/shape_ops.hpp"

namespace nelbo {

/// Uniform numbers in (0, 1), [.., N], of standard normal ones [.., 2 N]: half the squared length of two is
/// exponential, and exp of minus it uniform. What a discrete prior draws from.
inline Var uniform_noise(Var normal) {
  Shape pairs = normal.shape();
  pairs[-1] /= 2;
  pairs.push_back(2);
  return exp(-0.5 * sum(square(reshape(normal, pairs)), -1));
}

}  // namespace nelbo
