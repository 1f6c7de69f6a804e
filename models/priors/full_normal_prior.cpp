#include "models/priors/full_normal_prior.hpp"

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
  return marginal_log_probs(normal_.marginals(), z);
}

Var FullNormalPrior::sample(Var noise) const {
  check_dimensions(*this, noise, noise_dimensions());
  return normal_.sample(noise);
}

std::optional<Var> FullNormalPrior::kl(const Posterior& q) const {
  const Normal* const own = q.normal();
  if (own == nullptr) return std::nullopt;
  return nelbo::kl(*own, normal_);
}

std::optional<Var> FullNormalPrior::prior_factorisation(const Posterior& q) const {
  const Normal* const own = q.normal();
  if (own == nullptr) return std::nullopt;
  return expected_log_prob(*own, normal_) - expected_log_prob(*own, normal_.marginals());
}

}  // namespace nelbo
