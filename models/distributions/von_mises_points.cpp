#include "models/distributions/von_mises_points.hpp"

#include <cmath>
#include <numbers>

#include "autodiff/ops/elementwise_ops.hpp"
#include "autodiff/ops/reduce_ops.hpp"
#include "autodiff/ops/shape_ops.hpp"
#include "autodiff/ops/special_ops.hpp"

namespace nelbo {
namespace {

/// [.., 2 L] as [.., L, 2].
Var in_pairs(Var x) {
  Shape shape = x.shape();
  shape[-1] /= 2;
  shape.push_back(2);
  return reshape(x, shape);
}

/// (cos, sin) of angles [.., L], [.., L, 2].
Var points_of(Var angles) { return stack({cos(angles), sin(angles)}, -1); }

/// [.., L, 2] as [.., 2 L].
Var joined_pairs(Var pairs) {
  Shape shape = pairs.shape();
  shape[-2] *= 2;
  return reshape(pairs, Shape(shape.dims().first(std::size_t(shape.rank() - 1))));
}

}  // namespace

Var VonMisesPoints::log_densities(Var x) const {
  // cos of the angle between x and the mean is 1 - |x - mean|^2 / 2, which does not cancel.
  const Var kappa = exp(angles.log_concentration);
  const Var from_peak = 0.5 * kappa * sum(square(in_pairs(x) - points_of(angles.mean)), -1);
  return -(from_peak + log_bessel_i0e(kappa) + std::log(2 * std::numbers::pi));
}

Var VonMisesPoints::log_prob(Var x) const { return sum(log_densities(x), -1); }

Var VonMisesPoints::rsample(Var noise) const {
  const Var pairs = in_pairs(noise);
  Shape shape = noise.shape();
  shape[-1] /= 2;
  return joined_pairs(
      points_of(angles.rsample(reshape(contiguous(slice(pairs, -1, 0, 1)), shape))));
}

Var VonMisesPoints::sample(Var noise) const { return stop(detached().rsample(noise)); }

Var VonMisesPoints::expectation() const {
  const Var length = 1.0 - circular_variance(exp(angles.log_concentration));
  return joined_pairs(stack({length * cos(angles.mean), length * sin(angles.mean)}, -1));
}

Var VonMisesPoints::mode() const { return joined_pairs(points_of(angles.mean)); }

}  // namespace nelbo
