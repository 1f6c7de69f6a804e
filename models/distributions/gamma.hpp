#pragma once
#include "models/distributions/distribution.hpp"

namespace nelbo {

/// D independent variables of density rate^c x^(c - 1) exp(-rate x) / Gamma(c), x > 0, with c =
/// exp(log_concentration) and rate = exp(log_rate); both [S, B, D], [B, D] or [D]; each may
/// broadcast to the other. NaN where a parameter is, or overflows.
struct Gamma {
  Var log_concentration;
  Var log_rate;

  static constexpr int event_rank = 1;
  static constexpr bool has_rsample = true;
  static constexpr Noise noise = Noise::uniform;

  /// x [S, B, D] or [B, D]; [S, B] where either x or the parameters have draws, else [B].
  /// -infinity where an x_d <= 0.
  Var log_prob(Var x) const;
  /// The log-density of each x by itself, of its shape or the parameters' where these are larger.
  Var log_densities(Var x) const;
  /// The inverse of the distribution function; its derivative is that of Figurnov et al. (2018).
  /// Samples that underflow are raised to the smallest normal number, and those move no parameter.
  Var rsample(Var noise) const;
  Var sample(Var noise) const;
  /// sum_d c - log rate + log Gamma(c) + (1 - c) digamma(c).
  Var entropy() const;
  /// c / rate.
  Var expectation() const;
  /// (c - 1) / rate, and 0 for c <= 1.
  Var mode() const;
  Gamma detached() const;
};

static_assert(Reparameterized<Gamma>);

}  // namespace nelbo
