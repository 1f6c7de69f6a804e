#pragma once
#include "models/distributions/distribution.hpp"

namespace nelbo {

/// One vector of D proportions, x_d > 0, sum_d x_d = 1, of density prod_d x_d^(c_d - 1) / B(c) by
/// its first D - 1 components, c = exp(log_concentration) [S, B, D], [B, D] or [D]. The event axis
/// is the simplex. NaN where a parameter is, or overflows.
struct Dirichlet {
  Var log_concentration;

  static constexpr int event_rank = 1;
  static constexpr bool has_rsample = true;
  static constexpr Noise noise = Noise::uniform;

  /// x [S, B, D] or [B, D], which sums to 1 over D; [S, B] where either x or the parameters have
  /// draws, else [B]. -infinity where an x_d <= 0. Its derivative by x is meant along the simplex.
  Var log_prob(Var x) const;
  /// The log-density of each proportion by itself, a beta variable of c_d and c_0 - c_d; D >= 2.
  Var log_marginals(Var x) const;
  /// Proportions of D gamma variables, each the inverse of its distribution function; taken of
  /// their logarithms, which do not underflow. Its derivative is that of Figurnov et al. (2018).
  /// Proportions that underflow are raised to the smallest normal number.
  Var rsample(Var noise) const;
  Var sample(Var noise) const;
  /// log B(c) + (c_0 - D) digamma(c_0) - sum_d (c_d - 1) digamma(c_d), c_0 = sum_d c_d.
  Var entropy() const;
  /// c / c_0.
  Var expectation() const;
  /// (c_d - 1) / (c_0 - D) where all c_d > 1. Those with c_d <= 1 are 0, and if there are no
  /// others, NaN.
  Var mode() const;
  Dirichlet detached() const;
};

static_assert(Reparameterized<Dirichlet>);

}  // namespace nelbo
