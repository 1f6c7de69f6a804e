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
  Tensor output_start(const DataMoments& moments) const override;

 private:
  double variance_;
};

/// N(output, diag exp(decoder.log_variance)) with a learned variance: one per feature, which starts at
/// log_variance_start(), or one for all of them, which starts at the average of the features'.
class LearnedNormalLikelihood final : public NormalLikelihood {
 public:
  enum class Variance { per_feature, shared };
  explicit LearnedNormalLikelihood(Variance variance) : kind_(variance) {}

  std::string text() const override;
  Var log_prob(Var output, Var x) const override;
  Var feature_log_prob(Var output, Var x) const override;
  Var sample(Var output, Var noise) const override;
  /// Declares "decoder.log_variance", [X] or [1]. The store throws Error when it is frozen, for a variance
  /// that is negative or not finite.
  std::shared_ptr<const Likelihood> declared(ParameterStore& store, std::int64_t features,
                                             const DataMoments& moments) const override;

 private:
  Var log_variance() const;

  Variance kind_;
  const ParameterStore* store_ = nullptr;  // none: the parameters are not declared yet
  ParameterId id_;
};

/// N(output 0, diag exp(output 1)): mean and log-variance of every feature from the decoder. They start at
/// the training mean and at log_variance_start().
class DatumNormalLikelihood final : public Likelihood {
 public:
  std::string text() const override { return "normal:datum"; }
  bool is_mass() const override { return false; }
  std::int64_t outputs() const override { return 2; }
  Var log_prob(Var output, Var x) const override;
  Var feature_log_prob(Var output, Var x) const override;
  Var mean(Var output) const override { return parameter(output, 0); }
  Var sample(Var output, Var noise) const override;
  Noise noise() const override { return Noise::normal; }
  Tensor output_start(const DataMoments& moments) const override;
};

/// "normal", "normal:VAR", "normal:learned", "normal:shared", "normal:optimal" or "normal:datum".
std::shared_ptr<const Likelihood> read_normal_likelihood(const Choice& choice);

}  // namespace nelbo
