#pragma once
#include "models/priors/prior.hpp"

namespace nelbo {

/// sum_k w_k N(z; component k): a learned mixture of normals, or VampPrior, whose components are
/// the encoder's posteriors at K pseudo-inputs. Its marginals are the mixtures of the components'
/// marginals, so pf needs no approximation.
class MixturePrior : public Prior {
 public:
  /// log_weights [K] with log sum exp 0; components with mean [K, D].
  MixturePrior(std::string text, Var log_weights, const Normal& components);

  std::string text() const override { return text_; }
  bool factorised() const override { return false; }
  /// Holds [S, B, K] numbers.
  Var log_prob(Var z) const override;
  /// Holds a few times [S, B, K, D] numbers.
  Var marginal_log_prob(Var z) const override;
  /// Two numbers choose the component.
  std::int64_t noise_dimensions() const override { return dimensions_ + 2; }
  Var sample(Var noise) const override;

 private:
  std::string text_;
  Var log_weights_;
  Normal components_;
  std::int64_t count_, dimensions_;  // K, D
};

}  // namespace nelbo
