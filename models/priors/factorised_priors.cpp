#include "models/priors/factorised_priors.hpp"

#include <cmath>
#include <numbers>

#include "autodiff/ops/elementwise_ops.hpp"
#include "autodiff/ops/reduce_ops.hpp"
#include "autodiff/ops/shape_ops.hpp"
#include "models/distributions/kl.hpp"
#include "models/priors/check_dimensions.hpp"

namespace nelbo {

Var StandardNormalPrior::log_prob(Var z) const {
  check_dimensions(*this, z, dimensions_);
  return standard_normal_log_prob(z);
}

Var StandardNormalPrior::marginal_log_prob(Var z) const {
  check_dimensions(*this, z, dimensions_);
  return -0.5 * (square(z) + std::log(2 * std::numbers::pi));
}

Var StandardNormalPrior::sample(Var noise) const {
  check_dimensions(*this, noise, noise_dimensions());
  return stop(noise);
}

std::optional<Var> StandardNormalPrior::kl(const Posterior& q) const {
  const Normal* const normal = q.normal();
  if (normal == nullptr) return std::nullopt;
  return nelbo::kl(*normal, StandardNormal{dimensions_, normal->expectation().dtype()});
}

Var DiagNormalPrior::marginal_log_prob(Var z) const {
  check_dimensions(*this, z, noise_dimensions());
  return marginal_log_probs(normal_, z);
}

std::optional<Var> DiagNormalPrior::kl(const Posterior& q) const {
  const DiagNormal* const own = q.diagonal();
  if (own == nullptr) return std::nullopt;
  return nelbo::kl(*own, normal_);
}

Var LaplacePrior::log_prob(Var z) const { return sum(marginal_log_prob(z), -1); }

Var LaplacePrior::marginal_log_prob(Var z) const {
  check_dimensions(*this, z, dimensions_);
  return -(abs(z) + std::numbers::ln2);
}

Var LaplacePrior::sample(Var noise) const {
  check_dimensions(*this, noise, noise_dimensions());
  const auto part = [&](std::int64_t i) {
    return slice(noise, -1, i * dimensions_, (i + 1) * dimensions_);
  };
  return stop(part(0) * part(1) - part(2) * part(3));
}

}  // namespace nelbo
