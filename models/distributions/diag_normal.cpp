#include "models/distributions/diag_normal.hpp"

#include <cmath>
#include <numbers>

#include "autodiff/error.hpp"
#include "autodiff/ops/elementwise_ops.hpp"
#include "autodiff/ops/reduce_ops.hpp"
#include "autodiff/ops/shape_ops.hpp"

namespace nelbo {

Var DiagNormal::log_prob(Var x) const {
  const char* op = "diag_normal log_prob";
  const Shape location = broadcast(x.shape(), mean.shape(), op);
  const Shape all = broadcast(location, log_variance.shape(), op);
  if (x.shape() == all) return normal_log_prob(x, mean, log_variance);
  // The density is symmetric in x and mean, and only the first operand must have the full shape.
  if (mean.shape() == all) return normal_log_prob(mean, x, log_variance);
  return normal_log_prob(broadcast_to(x, all), mean, log_variance);
}

Var DiagNormal::sample(Var noise) const { return stop(rsample(noise)); }

Var DiagNormal::entropy() const {
  constexpr double pi = std::numbers::pi, e = std::numbers::e;
  const Shape shape = broadcast(mean.shape(), log_variance.shape(), "diag_normal entropy");
  const Var terms = 0.5 * (log_variance + std::log(2 * pi * e));
  return sum(broadcast_to(terms, shape), -1);
}

DiagNormal DiagNormal::detached() const { return {stop(mean), stop(log_variance)}; }

Var marginal_log_probs(const DiagNormal& normal, Var x) {
  const Var white = square(x - normal.mean) * exp(-normal.log_variance);
  return -0.5 * (white + normal.log_variance + std::log(2 * std::numbers::pi));
}

DiagNormal unit_normal(Var mean) { return fixed_normal(mean, 1); }

DiagNormal fixed_normal(Var mean, double variance) {
  if (!(variance > 0) || !std::isfinite(variance)) {
    throw Error("normal: variance " + std::to_string(variance) + "; it must be positive");
  }
  if (mean.shape().rank() < 1) throw Error("normal: a scalar mean has no event axis");
  const Tensor log_variance = Tensor::full({mean.shape()[-1]}, std::log(variance), mean.dtype());
  return {mean, Tape::current().leaf(log_variance)};
}

}  // namespace nelbo
