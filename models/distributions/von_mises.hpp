#pragma once
#include "models/distributions/distribution.hpp"

namespace nelbo {

/// D independent angles of density exp(kappa cos(x - mean)) / 2 pi I_0(kappa), kappa =
/// exp(log_concentration); mean (in radians) and log_concentration [S, B, D], [B, D] or [D]; each
/// may broadcast to the other. NaN where a parameter is, or overflows.
///
/// The density has the period 2 pi. As a variable on the line, of which samples, expectation and
/// entropy are, x lies in (mean - pi, mean + pi): a sample moves with the mean without jumps.
struct VonMises {
  Var mean;
  Var log_concentration;

  static constexpr int event_rank = 1;
  static constexpr bool has_rsample = true;
  static constexpr Noise noise = Noise::uniform;

  /// x [S, B, D] or [B, D]; [S, B] where either x or the parameters have draws, else [B].
  Var log_prob(Var x) const;
  /// mean + the inverse of the distribution function; its derivative is that of Figurnov et al.
  /// (2018).
  Var rsample(Var noise) const;
  Var sample(Var noise) const;
  /// sum_d log 2 pi I_0(kappa) - kappa I_1(kappa) / I_0(kappa).
  Var entropy() const;
  Var expectation() const { return mean; }
  Var mode() const { return mean; }
  VonMises detached() const;
};

static_assert(Reparameterized<VonMises>);

}  // namespace nelbo
