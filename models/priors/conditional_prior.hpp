#pragma once
#include "models/priors/prior.hpp"

namespace nelbo {

/// P0(Z|c), a diagonal normal for each of B data: Sohn, Lee and Yan (2015), "Learning structured output
/// representation using deep conditional generative models". Its marginals are those of one datum, and
/// no term that sets all codes against the prior has a meaning: such terms refuse it.
class ConditionalPrior final : public Prior {
 public:
  /// Means and log-variances [B, L].
  explicit ConditionalPrior(const DiagNormal& normal) : normal_(normal) {}

  std::string text() const override { return "conditional"; }
  bool factorised() const override { return false; }
  bool conditional() const override { return true; }
  Var log_prob(Var z) const override;
  /// Throws Error: those of one datum are not those of all codes.
  Var marginal_log_prob(Var z) const override;
  std::int64_t noise_dimensions() const override { return normal_.mean.shape()[-1]; }
  Var sample(Var noise) const override;
  std::optional<Var> kl(const Posterior& q) const override;

 private:
  DiagNormal normal_;
};

}  // namespace nelbo
