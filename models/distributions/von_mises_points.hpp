#pragma once
#include "models/distributions/von_mises.hpp"

namespace nelbo {

/// The points (cos, sin) on unit circles of L independent von Mises angles, one after the other: numbers 2 l
/// and 2 l + 1 are of angle l, D = 2 L. What is a function of the points is continuous all around the circle,
/// which no function of an angle in one turn need be. The density is that by the angles.
struct VonMisesPoints {
  VonMises angles;  // parameters [S, B, L], [B, L] or [L]

  static constexpr int event_rank = 1;
  static constexpr bool has_rsample = true;
  static constexpr Noise noise = Noise::uniform;

  /// x [S, B, 2 L] or [B, 2 L], on the circles; [S, B] where either x or the parameters have draws, else
  /// [B]. Its derivative by x is meant along the circles.
  Var log_prob(Var x) const;
  /// The log-density of each point by itself, [.., L].
  Var log_densities(Var x) const;
  /// noise [S, B, 2 L], of which the second number of each point is not used.
  Var rsample(Var noise) const;
  Var sample(Var noise) const;
  /// Of the angles.
  Var entropy() const { return angles.entropy(); }
  /// I_1(kappa) / I_0(kappa) of the way to the mean direction, [.., 2 L].
  Var expectation() const;
  /// The points of the mean angles, [.., 2 L].
  Var mode() const;
  VonMisesPoints detached() const { return {angles.detached()}; }
};

static_assert(Reparameterized<VonMisesPoints>);

}  // namespace nelbo
