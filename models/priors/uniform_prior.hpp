#pragma once
#include "models/posterior_config.hpp"
#include "models/priors/prior.hpp"

namespace nelbo {

/// L independent variables that take each of their K values with probability 1/K: Bernoulli(1/2),
/// K = 2, or one-hot rows. It has no parameters.
class UniformPrior : public Prior {
 public:
  /// For codes of the (discrete) posterior.
  UniformPrior(std::int64_t variables, const PosteriorConfig& codes)
      : variables_(variables), codes_(codes) {}

  std::string text() const override { return "uniform"; }
  bool factorised() const override { return true; }
  /// -L log K, whatever the code.
  Var log_prob(Var z) const override;
  /// -log K of every variable, [S, B, L].
  Var marginal_log_prob(Var z) const override;
  std::int64_t noise_dimensions() const override { return variables_ * codes_.width(); }
  /// The sign of a normal number, or the place of the largest of K, is uniform.
  Var sample(Var noise) const override;
  /// L log K - H[Q].
  Var kl(const Posterior& q) const override;

 private:
  std::int64_t variables_;  // L
  PosteriorConfig codes_;
};

}  // namespace nelbo
