#pragma once
#include "models/distributions/distribution.hpp"

namespace nelbo {

/// D independent variables of density exp(-|x - mean| / b) / 2b, b = exp(log_scale). mean and
/// log_scale [S, B, D], [B, D] or [D]; each may broadcast to the other.
struct Laplace {
  Var mean;
  Var log_scale;

  static constexpr int event_rank = 1;
  static constexpr bool has_rsample = true;
  static constexpr Noise noise = Noise::uniform;

  /// x [S, B, D] or [B, D]; [S, B] where either x or the parameters have draws, else [B].
  Var log_prob(Var x) const;
  /// mean - b sign(t) log(1 - 2|t|) with t = noise - 1/2: the inverse of the distribution function.
  Var rsample(Var noise) const;
  Var sample(Var noise) const;
  /// sum_d 1 + log 2b.
  Var entropy() const;
  Var expectation() const { return mean; }
  Var mode() const { return mean; }
  Laplace detached() const;
};

static_assert(Reparameterized<Laplace>);

}  // namespace nelbo
