#include "models/distributions/student_t.hpp"

#include <cmath>
#include <limits>
#include <numbers>

#include "autodiff/ops/elementwise_ops.hpp"
#include "autodiff/ops/reduce_ops.hpp"
#include "autodiff/ops/shape_ops.hpp"
#include "autodiff/ops/special_ops.hpp"
#include "models/distributions/range.hpp"

namespace nelbo {

// With h = nu / 2, Stirling's formula makes of the constant Gamma(h + 1/2) / Gamma(h) sqrt(2 pi h)
//   h log(1 + 1 / 2h) - 1/2 - 1/2 log 2 pi + stirling_error(h + 1/2) - stirling_error(h),
// which tends to the normal distribution's -1/2 log 2 pi.

Var StudentT::log_densities(Var x) const {
  const double half_log_two_pi = 0.5 * std::log(2 * std::numbers::pi);
  const Var h = 0.5 * exp(log_freedom), distance = x - mean;
  // log(1 + t^2 / nu) = softplus(log(t^2 / nu)), where squares do not overflow. Where t is 0 so is
  // the derivative.
  const Var size = where(equal(distance, 0.0), smallest_positive(x.dtype()), abs(distance));
  const Var log_square = 2.0 * (log(size) - log_scale) - log_freedom;
  const Var constant = h * log1p(0.5 / h) + stirling_error(h + 0.5) - stirling_error(h) -
                       (0.5 + half_log_two_pi) - log_scale;
  return constant - (h + 0.5) * softplus(log_square);
}

Var StudentT::log_prob(Var x) const { return sum(log_densities(x), -1); }

Var StudentT::rsample(Var noise) const {
  const double largest = largest_finite(noise.dtype());
  const Var t = clamp(student_t_quantile(exp(log_freedom), noise), -largest, largest);
  return clamp(mean + exp(log_scale) * t, -largest, largest);
}

Var StudentT::sample(Var noise) const { return stop(detached().rsample(noise)); }

Var StudentT::entropy() const {
  const Var h = 0.5 * exp(log_freedom);
  // The same written with gamma entropies: its terms grow like log nu only.
  const Var standard = gamma_entropy(h) - gamma_entropy(h + 0.5) + digamma(h + 0.5) -
                       1.5 * digamma(h) + 0.5 * log_freedom +
                       0.5 * (1 + std::log(std::numbers::pi));
  const Shape shape = broadcast(
      mean.shape(), broadcast(log_scale.shape(), log_freedom.shape(), "student_t entropy"),
      "student_t entropy");
  return sum(broadcast_to(standard + log_scale, shape), -1);
}

Var StudentT::expectation() const {
  return where(greater(log_freedom, 0.0), mean, std::numeric_limits<double>::quiet_NaN());
}

StudentT StudentT::detached() const { return {stop(mean), stop(log_scale), stop(log_freedom)}; }

}  // namespace nelbo
