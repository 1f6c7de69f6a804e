#include "models/priors/conditional_prior.hpp"

#include "autodiff/error.hpp"
#include "models/distributions/kl.hpp"
#include "models/priors/check_dimensions.hpp"

namespace nelbo {

Var ConditionalPrior::log_prob(Var z) const {
  check_dimensions(*this, z, noise_dimensions());
  return normal_.log_prob(z);
}

Var ConditionalPrior::marginal_log_prob(Var) const {
  throw Error(
      "the prior conditional is another for every datum: dwkl and pf, which set all codes "
      "against the marginals of one, have no meaning under it; use the prior normal");
}

Var ConditionalPrior::sample(Var noise) const {
  check_dimensions(*this, noise, noise_dimensions());
  return normal_.sample(noise);
}

std::optional<Var> ConditionalPrior::kl(const Posterior& q) const {
  const DiagNormal* const own = q.diagonal();
  if (own == nullptr) return std::nullopt;
  return nelbo::kl(*own, normal_);
}

}  // namespace nelbo
