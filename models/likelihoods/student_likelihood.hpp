#pragma once
#include "models/distributions/student_t.hpp"
#include "models/likelihoods/likelihood.hpp"

namespace nelbo {

/// Student's t about the output, with a scale s = exp(decoder.log_scale) and degrees of freedom 1 +
/// exp(decoder.log_freedom_above_one), so that there is a mean, of each feature, learned. The output starts
/// at the data's mean, the degrees at 5, and s where the variance, 5/3 s^2, is that of
/// log_variance_start().
class StudentLikelihood final : public Likelihood {
 public:
  std::string text() const override { return "student"; }
  bool is_mass() const override { return false; }
  Var feature_log_prob(Var output, Var x) const override;
  Var mean(Var output) const override { return output; }
  Var sample(Var output, Var noise) const override;
  Noise noise() const override { return Noise::uniform; }
  Tensor output_start(const DataMoments& moments) const override;
  /// Declares "decoder.log_scale" and "decoder.log_freedom_above_one", [X].
  std::shared_ptr<const Likelihood> declared(ParameterStore& store, std::int64_t features,
                                             const DataMoments& moments) const override;

 private:
  StudentT about(Var output) const;

  const ParameterStore* store_ = nullptr;  // none: the parameters are not declared yet
  ParameterId log_scale_, log_freedom_;
};

}  // namespace nelbo
