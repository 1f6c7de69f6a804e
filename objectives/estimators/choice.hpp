#pragma once
#include <string>

#include "objectives/estimators/estimator.hpp"

namespace nelbo {

/// Gradient estimators by parameter group: phi's says how log-weights reach the encoder (path and
/// score), theta's what the decoder and the prior get, and which value is reported.
struct EstimatorChoice {
  Estimator phi;
  Estimator theta;

  EstimatorChoice(const Estimator& both) : phi(both), theta(both) {}
  EstimatorChoice(const Estimator& phi, const Estimator& theta) : phi(phi), theta(theta) {}

  /// "dreg", or "phi=dreg,theta=piwae".
  std::string text() const;
  /// Throws Error where one of them is not defined for the bound.
  void check(const Bound& bound) const;
  /// Whether one sweep through the decoder serves all groups: phi's path weights are the decoder's
  /// times a factor that is bounded.
  bool one_sweep(const Bound& bound) const;
  /// Whether this is the derivative of the sampled bound itself.
  bool plain() const;

  /// The weights of one datum. Its scratch has 6 S numbers.
  void operator()(const Estimator::Datum& datum, Estimator::Weights& weights) const;
};

/// Reads "dreg", "score(baseline=mean)" or "phi=dreg,theta=reparam"; a group that is not named is
/// estimated by reparam. Throws Error naming the part that is wrong.
EstimatorChoice parse_estimators(const std::string& text);

}  // namespace nelbo
