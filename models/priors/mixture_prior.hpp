#pragma once
#include <optional>

#include "autodiff/ops/pairwise_ops.hpp"
#include "models/priors/prior.hpp"

namespace nelbo {

/// sum_k w_k N(z; component k): a learned mixture of normals, or VampPrior, whose components are
/// the encoder's posteriors at K pseudo-inputs. Its marginals are the mixtures of the components'
/// marginals, so pf needs no approximation.
class MixturePrior : public Prior {
 public:
  /// Components with mean [K, D]; log_weights [K] with log sum exp 0, none for equal weights.
  MixturePrior(std::string text, const Normal& components, std::optional<Var> log_weights = {});

  std::string text() const override { return text_; }
  bool factorised() const override { return false; }
  // Equally weighted diagonal components are streamed past z (pairwise_ops.hpp). Others hold
  // [S, B, K] numbers for the density and a few times [S, B, K, D] for the marginals.
  Var log_prob(Var z) const override;
  Var marginal_log_prob(Var z) const override;
  /// Two numbers choose the component.
  std::int64_t noise_dimensions() const override { return dimensions_ + 2; }
  Var sample(Var noise) const override;

 private:
  bool streamed() const {
    return !log_weights_ && components_.covariance() == Covariance::diagonal;
  }
  PairwiseLogProb pairwise(Var z, const PairwiseRequest& request) const;
  /// [K].
  Var log_weights() const;

  std::string text_;
  Normal components_;
  std::optional<Var> log_weights_;
  std::int64_t count_, dimensions_;  // K, D
};

}  // namespace nelbo
