#pragma once
#include <optional>

#include "models/likelihoods/likelihood.hpp"
#include "models/registry.hpp"

namespace nelbo {

/// N(output, variance I); variance 1 is Zheng eq. (2). The output starts at the mean.
class NormalLikelihood : public Likelihood {
 public:
  /// Throws Error unless the variance is positive and finite.
  explicit NormalLikelihood(double variance = 1);

  std::string text() const override;
  bool is_mass() const override { return false; }
  Var log_prob(Var output, Var x) const override;
  Var feature_log_prob(Var output, Var x) const override;
  Var mean(Var output) const override { return output; }
  Var sample(Var output, Var noise) const override;
  Noise noise() const override { return Noise::normal; }
  /// Throws Error for a mean that is not finite.
  Tensor output_start(const Tensor& mean) const override;
  /// The data's own deviation.
  Tensor output_deviation(const DataMoments& moments) const override;

 private:
  double variance_;
};

/// N(output, diag exp(decoder.log_variance)) with one learned variance per feature. They start at the
/// training variance of every feature, but at least at 0.001 of the average over the features (a
/// constant feature has no log-variance), and at 1 if all are constant.
class LearnedNormalLikelihood final : public NormalLikelihood {
 public:
  std::string text() const override { return "normal:learned"; }
  Var log_prob(Var output, Var x) const override;
  Var feature_log_prob(Var output, Var x) const override;
  Var sample(Var output, Var noise) const override;
  /// Declares "decoder.log_variance" [X]. The store throws Error when it is frozen, for a variance that is
  /// negative or not finite.
  std::shared_ptr<const Likelihood> declared(ParameterStore& store, std::int64_t features,
                                             const DataMoments& moments) const override;

 private:
  Var log_variance() const;

  const ParameterStore* store_ = nullptr;  // none: the parameters are not declared yet
  ParameterId id_;
};

/// "normal", "normal:VAR" or "normal:learned".
std::shared_ptr<const Likelihood> read_normal_likelihood(const Choice& choice);

}  // namespace nelbo
