#pragma once
#include "models/likelihoods/likelihood.hpp"

namespace nelbo {

/// K classes of every feature, each with a logit of its own: the output is [K logits] of X numbers each. The
/// values are the 256 pixels k / 255, or the whole numbers 0 .. K - 1. Logits start at the logarithms of the
/// classes' shares in the data, of which 0.001 are taken to be equally frequent.
class CategoricalPixelsLikelihood final : public Likelihood {
 public:
  /// `pixels`: the values are k / (K - 1), K = 256. Throws Error for fewer than 2 classes.
  CategoricalPixelsLikelihood(std::int64_t classes, bool pixels);

  std::string text() const override;
  bool is_mass() const override { return true; }
  Support support() const override;
  std::int64_t outputs() const override { return classes_; }
  Var log_prob(Var output, Var x) const override;
  Var mean(Var output) const override;
  Var sample(Var output, Var noise) const override;
  Noise noise() const override { return Noise::uniform; }
  /// The shares of the classes.
  std::int64_t statistics() const override { return classes_; }
  void add_statistics(double x, double* sums) const override;
  Tensor output_start(const DataMoments& moments) const override;

 private:
  Var logits(Var output) const;          // [S, B, K, X]
  Var class_numbers(DType dtype) const;  // [K, 1]
  double top() const { return pixels_ ? double(classes_ - 1) : 1; }

  std::int64_t classes_;
  bool pixels_;
};

}  // namespace nelbo
