#pragma once
#include "models/distributions/bernoulli.hpp"
#include "models/priors/prior.hpp"

namespace nelbo {

/// L independent bits with probabilities sigmoid(logits), which a model learns.
class BernoulliPrior : public Prior {
 public:
  /// logits [L].
  explicit BernoulliPrior(Var logits) : prior_{logits} {}

  std::string text() const override { return "bernoulli"; }
  bool factorised() const override { return true; }
  /// sum_l z_l l_l - softplus(l_l).
  Var log_prob(Var z) const override;
  Var marginal_log_prob(Var z) const override;
  /// Two numbers choose a bit.
  std::int64_t noise_dimensions() const override { return 2 * prior_.logits.shape()[-1]; }
  Var sample(Var noise) const override;
  /// sum_l p_l (log p_l - log P0(1)) + (1 - p_l) (log (1 - p_l) - log P0(0)) with the posterior's
  /// probabilities p.
  std::optional<Var> kl(const Posterior& q) const override;

 private:
  Bernoulli prior_;
};

}  // namespace nelbo
