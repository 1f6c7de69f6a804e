#pragma once
#include <memory>
#include <string>

#include "autodiff/coupled_noise.hpp"
#include "models/model.hpp"
#include "objectives/draw/estimation.hpp"
#include "objectives/estimators/estimator.hpp"

namespace nelbo {

/// Gradient estimators by parameter group: phi's says how log-weights reach the encoder, theta's what
/// the decoder and the prior get, and which value is reported. The noise of a datum's samples may be
/// coupled; of m > 1 samples the bound is then another one.
struct EstimatorChoice {
  Estimator phi;
  Estimator theta;
  Coupling coupling = Coupling::independent;

  EstimatorChoice(const Estimator& both) : EstimatorChoice(both, both) {}  // NOLINT: implicit
  EstimatorChoice(const Estimator& phi, const Estimator& theta)
      : phi(phi), theta(theta), coupling(own_coupling()) {}

  /// "dreg", "phi=dreg,theta=piwae" or "reparam+antithetic".
  std::string text() const;
  /// The coupling that phi's estimator brings with it.
  Coupling own_coupling() const { return phi.rule().coupling(); }
  /// Throws Error where one of them is not defined for the bound.
  void check(const Bound& bound) const;
  /// Why they cannot be had of such codes; empty where they can.
  std::string unfit(const CodeSpace& space) const;
  /// Why they cannot be had for a bound of the model; empty where they can. `one_sweep`: whether one
  /// backward pass serves all groups.
  std::string unfit(const Bound& bound, const Model& model, bool one_sweep) const;
  /// Whether one sweep through the decoder serves all groups: phi's path weights are the decoder's
  /// times a factor that is bounded, and both are of the same codes.
  bool one_sweep(const Bound& bound) const;
  /// Whether this is the derivative of the sampled bound itself.
  bool plain() const;

  /// What a Draw takes. Throws Error from its bounds where the estimators are not defined for one, or not
  /// for the model.
  std::shared_ptr<const Estimation> estimation(bool one_sweep) const;

  /// The weights of one datum. Its scratch has 6 S numbers.
  void operator()(const Estimator::Datum& datum, Estimator::Weights& weights) const {
    weigh(phi.weighted(), theta.weighted(), datum, weights);
  }
};

/// The bound's name on coupled samples: "iw(m=8) on antithetic pairs". Of one sample, and of means
/// over copies of that, it is the same bound.
std::string on_samples(const Bound& bound, const std::string& name, Coupling coupling);

}  // namespace nelbo
