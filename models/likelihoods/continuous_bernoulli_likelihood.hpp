#pragma once
#include "models/likelihoods/likelihood.hpp"

namespace nelbo {

/// Independent numbers of [0, 1] with the density exp(l x) l / (exp(l) - 1) of a logit l, the output:
/// Bernoulli's x l - softplus(l) with the constant that makes it a density; Loaiza-Ganem and Cunningham
/// (2019), "The continuous Bernoulli". It starts where its mean is the data's, clipped to [0.001, 0.999].
class ContinuousBernoulliLikelihood final : public Likelihood {
 public:
  std::string text() const override { return "continuous_bernoulli"; }
  bool is_mass() const override { return false; }
  Support support() const override { return {.least = 0, .greatest = 1}; }
  Var log_prob(Var output, Var x) const override;
  Var mean(Var output) const override;
  Var sample(Var output, Var noise) const override;
  Noise noise() const override { return Noise::uniform; }
  Tensor output_start(const DataMoments& moments) const override;
};

}  // namespace nelbo
