#include "models/distributions/laplace.hpp"

#include <numbers>

#include "autodiff/ops/elementwise_ops.hpp"
#include "autodiff/ops/reduce_ops.hpp"
#include "autodiff/ops/shape_ops.hpp"

namespace nelbo {

using std::numbers::ln2;

Var Laplace::log_prob(Var x) const {
  return -sum(abs(x - mean) * exp(-log_scale) + log_scale + ln2, -1);
}

Var Laplace::rsample(Var noise) const {
  const Var t = noise - 0.5;
  const Var tail = log1p(-2.0 * abs(t));
  return mean + exp(log_scale) * where(less(t, 0.0), tail, -tail);
}

Var Laplace::sample(Var noise) const { return stop(rsample(noise)); }

Var Laplace::entropy() const {
  const Shape shape = broadcast(mean.shape(), log_scale.shape(), "laplace entropy");
  return sum(broadcast_to(log_scale + (1 + ln2), shape), -1);
}

Laplace Laplace::detached() const { return {stop(mean), stop(log_scale)}; }

}  // namespace nelbo
