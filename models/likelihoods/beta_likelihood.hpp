#pragma once
#include "models/likelihoods/likelihood.hpp"

namespace nelbo {

/// Beta variables of (0, 1), a = exp(output 0) and b = exp(output 1). They start at the greatest likelihood,
/// by Newton's iteration for digamma(a) - digamma(a + b) = E log x and digamma(b) - digamma(a + b) = E
/// log(1 - x), and at the moments' where a feature hardly varies.
class BetaLikelihood final : public Likelihood {
 public:
  std::string text() const override { return "beta"; }
  bool is_mass() const override { return false; }
  Support support() const override { return {.least = 0, .greatest = 1, .open = true}; }
  std::int64_t outputs() const override { return 2; }
  Var feature_log_prob(Var output, Var x) const override;
  Var mean(Var output) const override;
  Var sample(Var output, Var noise) const override;
  Noise noise() const override { return Noise::uniform; }
  /// log x and log(1 - x).
  std::int64_t statistics() const override { return 2; }
  void add_statistics(double x, double* sums) const override;
  Tensor output_start(const DataMoments& moments) const override;
};

}  // namespace nelbo
