#include "models/priors/categorical_prior.hpp"

#include "models/priors/check_dimensions.hpp"
#include "models/priors/uniform_noise.hpp"

namespace nelbo {

Var CategoricalPrior::log_prob(Var z) const {
  check_dimensions(*this, z, dimensions());
  return prior_.log_prob(z);
}

Var CategoricalPrior::marginal_log_prob(Var z) const {
  check_dimensions(*this, z, dimensions());
  Shape rows = z.shape();
  rows[-1] = prior_.logits.shape()[0];
  rows.push_back(prior_.logits.shape()[1]);
  return sum(reshape(z, rows) * prior_.classes().log_probabilities(), -1);
}

Var CategoricalPrior::sample(Var noise) const {
  check_dimensions(*this, noise, noise_dimensions());
  return stop(prior_.sample(uniform_noise(noise)));
}

std::optional<Var> CategoricalPrior::kl(const Posterior& q) const {
  return -q.entropy() - prior_.log_prob(q.expectation());
}

}  // namespace nelbo
