#pragma once
#include <vector>

#include "models/likelihoods/likelihood.hpp"

namespace nelbo {

/// P(x_obs|z) of data of which entries are missing, NaN in x: the sum of log P(x_i|z) over those that are
/// observed, which is what the entries that are missing at random leave of P(x|z). Mattei and Frellsen
/// (2019), "MIWAE", eq. (3).
class ObservedLikelihood final : public Likelihood {
 public:
  /// Of a density of x = (y - mean) / deviation told as one of y, `log_deviations` [X] are taken off, one
  /// for each observed entry; empty: x is y. Throws Error unless `own` has probabilities of single
  /// features.
  ObservedLikelihood(std::shared_ptr<const Likelihood> own, std::vector<double> log_deviations);

  std::string text() const override { return own_->text(); }
  bool is_mass() const override { return own_->is_mass(); }
  Support support() const override { return own_->support(); }
  bool of_observed() const override { return true; }
  /// Of x [B, X] with NaN in it.
  Var log_prob(Var output, Var x) const override;
  Var feature_log_prob(Var output, Var x) const override;
  Var mean(Var output) const override { return own_->mean(output); }
  Var sample(Var output, Var noise) const override { return own_->sample(output, noise); }
  Noise noise() const override { return own_->noise(); }
  std::int64_t outputs() const override { return own_->outputs(); }
  std::int64_t statistics() const override { return own_->statistics(); }
  void add_statistics(double x, double* sums) const override { own_->add_statistics(x, sums); }
  Tensor output_start(const DataMoments& moments) const override {
    return own_->output_start(moments);
  }

 private:
  std::shared_ptr<const Likelihood> own_;
  Tensor log_deviations_;  // [X], f64; empty where x is in the units of the data
};

/// 1 where x is observed, 0 where it is missing: NaN.
Var observed(Var x);
/// x with `value` where it is missing.
Var filled(Var x, double value);

}  // namespace nelbo
