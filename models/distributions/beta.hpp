#pragma once
#include "models/distributions/distribution.hpp"

namespace nelbo {

/// D independent variables of density x^(a - 1) (1 - x)^(b - 1) / B(a, b), 0 < x < 1, with a =
/// exp(log_a) and b = exp(log_b); both [S, B, D], [B, D] or [D]; each may broadcast to the other.
/// NaN where a parameter is, or overflows.
struct Beta {
  Var log_a;
  Var log_b;

  static constexpr int event_rank = 1;
  static constexpr bool has_rsample = true;
  static constexpr Noise noise = Noise::uniform;

  /// x [S, B, D] or [B, D]; [S, B] where either x or the parameters have draws, else [B].
  /// -infinity where an x_d is not in (0, 1).
  Var log_prob(Var x) const;
  /// The log-density of each x by itself, of its shape or the parameters' where these are larger.
  Var log_densities(Var x) const;
  /// The inverse of the distribution function; its derivative is that of Figurnov et al. (2018).
  /// Samples that round to 0 or 1 are moved to the nearest number between, and move no parameter.
  Var rsample(Var noise) const;
  Var sample(Var noise) const;
  /// sum_d log B(a, b) - (a - 1) digamma(a) - (b - 1) digamma(b) + (a + b - 2) digamma(a + b).
  Var entropy() const;
  /// a / (a + b).
  Var expectation() const;
  /// (a - 1) / (a + b - 2), an end of the range where a or b <= 1, NaN where both are.
  Var mode() const;
  Beta detached() const;
};

static_assert(Reparameterized<Beta>);

}  // namespace nelbo
