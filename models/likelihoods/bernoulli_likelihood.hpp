#pragma once
#include "models/likelihoods/likelihood.hpp"

namespace nelbo {

/// Independent zeros and ones, or grey values as probabilities; the output is a logit. It starts at the
/// logit of the mean clipped to [0.001, 0.999] (a pixel that is always black has no logit; Burda et
/// al. 2016).
class BernoulliLikelihood final : public Likelihood {
 public:
  std::string text() const override { return "bernoulli"; }
  bool is_mass() const override { return true; }
  Support support() const override { return {.least = 0, .greatest = 1}; }
  Var log_prob(Var output, Var x) const override;
  Var feature_log_prob(Var output, Var x) const override;
  Var mean(Var output) const override;
  Var sample(Var output, Var noise) const override;
  Noise noise() const override { return Noise::uniform; }
  /// Throws Error for a mean that is not finite, or outside [0, 1].
  Tensor output_start(const DataMoments& moments) const override;
};

}  // namespace nelbo
