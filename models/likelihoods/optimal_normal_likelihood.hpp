#pragma once
#include "models/likelihoods/likelihood.hpp"

namespace nelbo {

/// N(output, v I) with one variance v that training has in closed form, the mean squared error of all
/// samples, data and features of a batch: the v at which the batch's log-likelihood is greatest, so that
/// its derivative in v is 0 and no gradient need pass through it. Rybkin, Daniilidis and Levine (2021),
/// "Simple and effective VAE training with calibrated decoders". log P(x|z) of one datum is then no
/// function of that datum alone: of_batch().
///
/// Elsewhere v is the running mean of training (RunningMeans), exp(decoder.log_variance), and P(x|z) a
/// density like any other. It starts at the average of log_variance_start().
class OptimalNormalLikelihood final : public Likelihood {
 public:
  std::string text() const override { return "normal:optimal"; }
  bool is_mass() const override { return false; }
  bool of_batch() const override { return true; }
  Var log_prob(Var output, Var x) const override;
  Var mean(Var output) const override { return output; }
  Var sample(Var output, Var noise) const override;
  Noise noise() const override { return Noise::normal; }
  Tensor output_start(const DataMoments& moments) const override;
  /// Declares "decoder.log_variance" [1].
  std::shared_ptr<const Likelihood> declared(ParameterStore& store, std::int64_t features,
                                             const DataMoments& moments) const override;

 private:
  Var kept_log_variance() const;

  const ParameterStore* store_ = nullptr;  // none: the parameter is not declared yet
  ParameterId id_;
};

}  // namespace nelbo
