#include "models/priors/full_normal_prior.hpp"

#include <cmath>
#include <numbers>

#include "autodiff/ops/elementwise_ops.hpp"
#include "models/distributions/kl.hpp"
#include "models/priors/check_dimensions.hpp"

namespace nelbo {

Var FullNormalPrior::log_prob(Var z) const {
  check_dimensions(*this, z, noise_dimensions());
  return normal_.log_prob(z);
}

Var FullNormalPrior::marginal_log_prob(Var z) const {
  check_dimensions(*this, z, noise_dimensions());
  const DiagNormal each = normal_.marginals();
  const Var white = square(z - each.mean) * exp(-each.log_variance);
  return -0.5 * (white + each.log_variance + std::log(2 * std::numbers::pi));
}

Var FullNormalPrior::sample(Var noise) const {
  check_dimensions(*this, noise, noise_dimensions());
  return normal_.sample(noise);
}

Var FullNormalPrior::kl(const Posterior& q) const {
  return nelbo::kl(q.normal("the prior " + text()), normal_);
}

Var FullNormalPrior::prior_factorisation(const Posterior& q) const {
  const Normal& own = q.normal("the prior " + text());
  return expected_log_prob(own, normal_) - expected_log_prob(own, normal_.marginals());
}

}  // namespace nelbo
