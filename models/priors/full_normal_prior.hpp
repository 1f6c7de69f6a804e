#pragma once
#include "models/priors/prior.hpp"

namespace nelbo {

/// A normal prior with full covariance, given (given_normal) or learned. Its pf is not 0; golden
/// numbers are those of the linear-Gaussian world.
class FullNormalPrior : public Prior {
 public:
  /// mean [D], factor [D, D].
  explicit FullNormalPrior(const FullNormal& normal) : normal_(normal) {}

  std::string text() const override { return "normal:full"; }
  bool factorised() const override { return false; }
  Var log_prob(Var z) const override;
  /// log N(z_d; mean_d, Sigma_dd).
  Var marginal_log_prob(Var z) const override;
  std::int64_t noise_dimensions() const override { return normal_.mean.shape()[-1]; }
  Var sample(Var noise) const override;
  std::optional<Var> kl(const Posterior& q) const override;
  std::optional<Var> prior_factorisation(const Posterior& q) const override;

 private:
  FullNormal normal_;
};

}  // namespace nelbo
