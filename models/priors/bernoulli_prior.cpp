#include "models/priors/bernoulli_prior.hpp"

#include "autodiff/ops/elementwise_ops.hpp"
#include "autodiff/ops/reduce_ops.hpp"
#include "autodiff/ops/shape_ops.hpp"
#include "models/priors/check_dimensions.hpp"
#include "models/priors/uniform_noise.hpp"

namespace nelbo {

Var BernoulliPrior::log_prob(Var z) const {
  check_dimensions(*this, z, prior_.logits.shape()[-1]);
  return prior_.log_prob(z);
}

Var BernoulliPrior::marginal_log_prob(Var z) const {
  check_dimensions(*this, z, prior_.logits.shape()[-1]);
  return z * prior_.logits - softplus(prior_.logits);
}

Var BernoulliPrior::sample(Var noise) const {
  check_dimensions(*this, noise, noise_dimensions());
  return stop(prior_.sample(uniform_noise(noise)));
}

std::optional<Var> BernoulliPrior::kl(const Posterior& q) const {
  return -q.entropy() - sum(q.expectation() * prior_.logits - softplus(prior_.logits), -1);
}

}  // namespace nelbo
