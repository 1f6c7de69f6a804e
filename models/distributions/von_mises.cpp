#include "models/distributions/von_mises.hpp"

#include <cmath>
#include <numbers>

#include "autodiff/ops/elementwise_ops.hpp"
#include "autodiff/ops/reduce_ops.hpp"
#include "autodiff/ops/shape_ops.hpp"
#include "autodiff/ops/special_ops.hpp"

namespace nelbo {

Var VonMises::log_prob(Var x) const {
  // cos d - 1 = -2 sin^2(d / 2), which does not cancel for large kappa.
  const Var kappa = exp(log_concentration);
  const Var from_peak = 2.0 * kappa * square(sin(0.5 * (x - mean)));
  return -sum(from_peak + log_bessel_i0e(kappa) + std::log(2 * std::numbers::pi), -1);
}

Var VonMises::rsample(Var noise) const {
  return mean + von_mises_quantile(exp(log_concentration), noise);
}

Var VonMises::sample(Var noise) const { return stop(detached().rsample(noise)); }

Var VonMises::entropy() const {
  const Shape shape = broadcast(mean.shape(), log_concentration.shape(), "von_mises entropy");
  return sum(broadcast_to(von_mises_entropy(exp(log_concentration)), shape), -1);
}

VonMises VonMises::detached() const { return {stop(mean), stop(log_concentration)}; }

}  // namespace nelbo
