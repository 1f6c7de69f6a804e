#pragma once
#include "models/likelihoods/likelihood.hpp"

namespace nelbo {

// Counts x = 0, 1, 2, .. A sample is the quantile of its noise. Rates and means are those of the counts as
// they are: a size of the datum (the total of its counts, a "library") is no input of the decoder, and z
// has to tell it.

/// Counts of which the output is the logarithm of the mean. It starts at that of the data, at least at log
/// 0.001 (the mean of a feature that is always 0 has none).
class CountLikelihood : public Likelihood {
 public:
  bool is_mass() const override { return true; }
  Support support() const override { return {.least = 0, .whole = true}; }
  Var mean(Var output) const override;
  Noise noise() const override { return Noise::uniform; }
  Tensor output_start(const DataMoments& moments) const override;
};

/// Poisson counts of log-rate l: log P(x) = x l - exp(l) - log x!.
class PoissonLikelihood final : public CountLikelihood {
 public:
  std::string text() const override { return "poisson"; }
  Var feature_log_prob(Var output, Var x) const override;
  Var sample(Var output, Var noise) const override;
};

/// Negative binomial counts of log-mean l from the decoder and an inverse dispersion r per feature, learned:
/// variance m + m^2 / r, m = exp(l). r starts at the moments' m^2 / (variance - m), held to [0.001, 10000].
class NegativeBinomialLikelihood : public CountLikelihood {
 public:
  std::string text() const override { return "negative_binomial"; }
  Var feature_log_prob(Var output, Var x) const override;
  Var sample(Var output, Var noise) const override;
  /// Declares "decoder.log_inverse_dispersion" [X].
  std::shared_ptr<const Likelihood> declared(ParameterStore& store, std::int64_t features,
                                             const DataMoments& moments) const override;

 protected:
  Var log_inverse_dispersion() const;

 private:
  virtual std::shared_ptr<NegativeBinomialLikelihood> fresh() const {
    return std::make_shared<NegativeBinomialLikelihood>();
  }

  const ParameterStore* store_ = nullptr;  // none: the parameters are not declared yet
  ParameterId id_;
};

/// 0 with probability p = sigmoid(output 1), else a negative binomial count of log-mean output 0: "dropout"
/// beside the mean, each of the decoder. With the mean of a feature's counts, their share of zeros and r as
/// it starts, both start at the greatest likelihood, p at least at 0.001.
class ZeroInflatedLikelihood final : public NegativeBinomialLikelihood {
 public:
  std::string text() const override { return "zero_inflated_negative_binomial"; }
  std::int64_t outputs() const override { return 2; }
  Var feature_log_prob(Var output, Var x) const override;
  Var mean(Var output) const override;
  Var sample(Var output, Var noise) const override;
  std::int64_t statistics() const override { return 1; }
  void add_statistics(double x, double* sums) const override { sums[0] += x == 0; }
  Tensor output_start(const DataMoments& moments) const override;

 private:
  std::shared_ptr<NegativeBinomialLikelihood> fresh() const override {
    return std::make_shared<ZeroInflatedLikelihood>();
  }
};

}  // namespace nelbo
