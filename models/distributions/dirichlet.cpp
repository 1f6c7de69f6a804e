#include "models/distributions/dirichlet.hpp"

#include <cmath>
#include <limits>
#include <numbers>

#include "autodiff/ops/elementwise_ops.hpp"
#include "autodiff/ops/reduce_ops.hpp"
#include "autodiff/ops/shape_ops.hpp"
#include "autodiff/ops/special_ops.hpp"
#include "models/distributions/beta.hpp"
#include "models/distributions/range.hpp"

namespace nelbo {

// As of a gamma variable, with r_d = x_d / E x_d:
//   log p(x) = sum_d (c_d (log r_d - r_d + 1) - log x_d + 1/2 log c_d / 2 pi - stirling_error(c_d))
//              - 1/2 log c_0 / 2 pi + stirling_error(c_0).
// sum_d c_d (r_d - 1) is 0 on the simplex; it takes rounding errors out.

Var Dirichlet::log_prob(Var x) const {
  const double half_log_two_pi = 0.5 * std::log(2 * std::numbers::pi);
  const Var outside = less_equal(x, 0.0);
  const Var y = where(outside, 1.0, x);
  const Var c = exp(log_concentration), total = sum(c, -1, Keep::yes);
  const Var r = y * (total * exp(-log_concentration));
  const Var log_p = c * (log(r) - r + 1.0) - log(y) +
                    (0.5 * log_concentration - half_log_two_pi - stirling_error(c));
  const Var constant = stirling_error(total) - 0.5 * log(total) + half_log_two_pi;
  return sum(where(outside, -std::numeric_limits<double>::infinity(), log_p), -1) +
         sum(constant, -1);
}

Var Dirichlet::log_marginals(Var x) const {
  const Var c = exp(log_concentration);
  return Beta{log_concentration, log(sum(c, -1, Keep::yes) - c)}.log_densities(x);
}

Var Dirichlet::rsample(Var noise) const {
  const Var x = softmax(log_gamma_quantile(exp(log_concentration), noise), -1);
  return clamp(x, smallest_positive(x.dtype()), 1);
}

Var Dirichlet::sample(Var noise) const { return stop(detached().rsample(noise)); }

// Gamma variables of shapes c are, one to one, their independent sum and their proportions.
Var Dirichlet::entropy() const {
  const Var c = exp(log_concentration), total = sum(c, -1);
  const double others = double(log_concentration.shape()[-1] - 1);
  return sum(gamma_entropy(c), -1) - gamma_entropy(total) - others * digamma(total);
}

Var Dirichlet::expectation() const { return softmax(log_concentration, -1); }

Var Dirichlet::mode() const {
  const Var beyond = maximum(exp(log_concentration) - 1.0, 0.0);
  return beyond / sum(beyond, -1, Keep::yes);
}

Dirichlet Dirichlet::detached() const { return {stop(log_concentration)}; }

}  // namespace nelbo
