#pragma once
#include "models/distributions/one_hot_categorical.hpp"
#include "models/priors/prior.hpp"

namespace nelbo {

/// L independent variables of K classes with probabilities softmax(logits_l), which a model learns; codes
/// are L one-hot rows, D = L K.
class CategoricalPrior : public Prior {
 public:
  /// logits [L, K].
  explicit CategoricalPrior(Var logits) : prior_{logits} {}

  std::string text() const override { return "categorical"; }
  bool factorised() const override { return true; }
  /// sum_lk z_lk log P_lk.
  Var log_prob(Var z) const override;
  Var marginal_log_prob(Var z) const override;
  /// Two numbers choose each class's Gumbel number.
  std::int64_t noise_dimensions() const override { return 2 * dimensions(); }
  Var sample(Var noise) const override;
  /// sum_lk p_lk (log p_lk - log P_lk) with the posterior's probabilities p.
  std::optional<Var> kl(const Posterior& q) const override;

 private:
  std::int64_t dimensions() const { return prior_.logits.shape().size(); }

  OneHotCategorical prior_;
};

}  // namespace nelbo
