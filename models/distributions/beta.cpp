#include "models/distributions/beta.hpp"

#include <cmath>
#include <limits>
#include <numbers>

#include "autodiff/ops/elementwise_ops.hpp"
#include "autodiff/ops/reduce_ops.hpp"
#include "autodiff/ops/shape_ops.hpp"
#include "autodiff/ops/special_ops.hpp"
#include "models/distributions/range.hpp"

namespace nelbo {

// As of a gamma variable, with r = x / E x and q = (1 - x) / E(1 - x):
//   log p(x) = a (log r - r + 1) + b (log q - q + 1) - log x (1 - x) + 1/2 log(a b / 2 pi (a + b))
//              - stirling_error(a) - stirling_error(b) + stirling_error(a + b).

Var Beta::log_densities(Var x) const {
  const double half_log_two_pi = 0.5 * std::log(2 * std::numbers::pi);
  const Var outside = maximum(less_equal(x, 0.0), greater_equal(x, 1.0));
  const Var y = where(outside, 0.5, x);
  const Var a = exp(log_a), b = exp(log_b), total = a + b;
  const Var r = y * (1.0 + exp(log_b - log_a)), q = (1.0 - y) * (1.0 + exp(log_a - log_b));
  const Var constant = 0.5 * (log_a + log_b - log(total)) - half_log_two_pi - stirling_error(a) -
                       stirling_error(b) + stirling_error(total);
  const Var log_p = a * (log(r) - r + 1.0) + b * (log(q) - q + 1.0) - log(y) - log1p(-y) + constant;
  return where(outside, -std::numeric_limits<double>::infinity(), log_p);
}

Var Beta::log_prob(Var x) const { return sum(log_densities(x), -1); }

Var Beta::rsample(Var noise) const {
  const Var x = sigmoid(logit_beta_quantile(exp(log_a), exp(log_b), noise));
  return clamp(x, smallest_positive(x.dtype()), largest_below_one(x.dtype()));
}

Var Beta::sample(Var noise) const { return stop(detached().rsample(noise)); }

// Gamma variables of shapes a and b are, one to one, their independent sum and a beta variable.
Var Beta::entropy() const {
  const Var a = exp(log_a), b = exp(log_b), total = a + b;
  return sum(gamma_entropy(a) + gamma_entropy(b) - gamma_entropy(total) - digamma(total), -1);
}

Var Beta::expectation() const { return sigmoid(log_a - log_b); }

Var Beta::mode() const {
  const Var a = maximum(exp(log_a) - 1.0, 0.0), b = maximum(exp(log_b) - 1.0, 0.0);
  return a / (a + b);
}

Beta Beta::detached() const { return {stop(log_a), stop(log_b)}; }

}  // namespace nelbo
