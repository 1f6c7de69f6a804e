#include "models/distributions/bernoulli.hpp"

#include "autodiff/ops/density_ops.hpp"
#include "autodiff/ops/elementwise_ops.hpp"
#include "autodiff/ops/reduce_ops.hpp"
#include "autodiff/ops/shape_ops.hpp"

namespace nelbo {

Var Bernoulli::log_prob(Var x) const {
  const Shape all = broadcast(logits.shape(), x.shape(), "bernoulli log_prob");
  return bernoulli_log_prob(broadcast_to(logits, all), x);
}

Var Bernoulli::sample(Var noise) const { return less(noise, sigmoid(logits)); }

Var Bernoulli::relaxed_sample(Var noise, Var temperature) const {
  const Var logistic = log1p(-noise) - log(noise);
  return sigmoid((logits + logistic) / temperature);
}

Var Bernoulli::entropy() const {
  // softplus(l) - l sigmoid(l), which is even in l, without its cancellation.
  const Var a = abs(logits);
  return sum(softplus(-a) + a * sigmoid(-a), -1);
}

Var Bernoulli::expectation() const { return sigmoid(logits); }

Var Bernoulli::mode() const { return greater(logits, 0.0); }

Bernoulli Bernoulli::detached() const { return {stop(logits)}; }

}  // namespace nelbo
