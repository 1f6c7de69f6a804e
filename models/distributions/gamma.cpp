#include "models/distributions/gamma.hpp"

#include <cmath>
#include <limits>
#include <numbers>

#include "autodiff/ops/elementwise_ops.hpp"
#include "autodiff/ops/reduce_ops.hpp"
#include "autodiff/ops/shape_ops.hpp"
#include "autodiff/ops/special_ops.hpp"
#include "models/distributions/range.hpp"

namespace nelbo {

// With r = x / E x, and Stirling's formula for Gamma(c), the density is
//   log p(x) = c (log r - r + 1) + 1/2 log(c / 2 pi) - stirling_error(c) - log x,
// whose terms do not grow with c.

Var Gamma::log_densities(Var x) const {
  const double half_log_two_pi = 0.5 * std::log(2 * std::numbers::pi);
  const Var outside = less_equal(x, 0.0);
  const Var y = where(outside, 1.0, x);
  const Var c = exp(log_concentration);
  const Var r = y * exp(log_rate - log_concentration);
  const Var log_p = c * (log(r) - r + 1.0) +
                    (0.5 * log_concentration - half_log_two_pi - stirling_error(c)) - log(y);
  return where(outside, -std::numeric_limits<double>::infinity(), log_p);
}

Var Gamma::log_prob(Var x) const { return sum(log_densities(x), -1); }

Var Gamma::rsample(Var noise) const {
  const Var log_z = log_gamma_quantile(exp(log_concentration), noise);
  const DType dtype = noise.dtype();
  return clamp(exp(log_z - log_rate), smallest_positive(dtype), largest_finite(dtype));
}

Var Gamma::sample(Var noise) const { return stop(detached().rsample(noise)); }

Var Gamma::entropy() const { return sum(gamma_entropy(exp(log_concentration)) - log_rate, -1); }

Var Gamma::expectation() const { return exp(log_concentration - log_rate); }

Var Gamma::mode() const { return maximum(exp(log_concentration) - 1.0, 0.0) * exp(-log_rate); }

Gamma Gamma::detached() const { return {stop(log_concentration), stop(log_rate)}; }

}  // namespace nelbo
