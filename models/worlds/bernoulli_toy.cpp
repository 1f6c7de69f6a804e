#include "models/worlds/bernoulli_toy.hpp"

#include <algorithm>
#include <cmath>

#include "autodiff/error.hpp"
#include "autodiff/ops/elementwise_ops.hpp"
#include "autodiff/ops/reduce_ops.hpp"
#include "autodiff/ops/shape_ops.hpp"
#include "models/init.hpp"
#include "models/priors/uniform_prior.hpp"

namespace nelbo {

BernoulliToy::BernoulliToy(ParameterStore& store, std::vector<double> targets, double logit)
    : store_(&store), targets_(std::move(targets)), logit_(logit) {
  const auto finite = [](double value) { return std::isfinite(value); };
  if (targets_.empty() || !std::all_of(targets_.begin(), targets_.end(), finite) ||
      !finite(logit)) {
    throw Error("Bernoulli toy: one target or more, and a logit, all finite, are needed");
  }
  const Shape shape{std::int64_t(targets_.size())};
  logits_ = store.add("encoder.logits", "phi", shape,
                      constant(Tensor::full(shape, logit, store.dtype())));
}

double BernoulliToy::gradient(std::size_t l) const {
  const double p = 1 / (1 + std::exp(-logit_));
  return (1 - 2 * targets_[l]) * p * (1 - p);
}

Tensor BernoulliToy::x() const { return Tensor({1, 1}, store_->dtype()); }

std::shared_ptr<const Posterior> BernoulliToy::posterior(const Batch& batch) const {
  const Var logits = Tape::current().parameter(*store_, logits_);
  return posterior_of(
      Bernoulli{broadcast_to(logits, {batch.x.shape()[0], std::int64_t(targets_.size())})});
}

std::shared_ptr<const Prior> BernoulliToy::prior(std::optional<Var>) const {
  return std::make_shared<UniformPrior>(codes());
}

Var BernoulliToy::log_likelihood(Var z, const Batch& batch) const {
  return log_joint(z, batch) - prior()->log_prob(z);
}

Var BernoulliToy::log_joint(Var z, const Batch& batch) const {
  const Tensor targets =
      Tensor::of(targets_, {std::int64_t(targets_.size())}, DType::f64).cast(store_->dtype());
  return sum(square(z - Tape::current().leaf(targets)), -1) + posterior(batch)->log_prob(z);
}

}  // namespace nelbo
