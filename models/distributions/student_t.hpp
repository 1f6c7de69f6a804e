#pragma once
#include "models/distributions/distribution.hpp"

namespace nelbo {

/// mean + exp(log_scale) t for D independent variables t of Student's distribution with nu =
/// exp(log_freedom) degrees of freedom, density proportional to (1 + t^2 / nu)^(-(nu + 1) / 2).
/// Parameters [S, B, D], [B, D] or [D], which may broadcast to each other. NaN where a parameter
/// is, or overflows.
struct StudentT {
  Var mean;
  Var log_scale;
  Var log_freedom;

  static constexpr int event_rank = 1;
  static constexpr bool has_rsample = true;
  static constexpr Noise noise = Noise::uniform;

  /// x [S, B, D] or [B, D]; [S, B] where either x or the parameters have draws, else [B].
  Var log_prob(Var x) const;
  /// The log-density of each x by itself, of its shape or the parameters' where these are larger.
  Var log_densities(Var x) const;
  /// The inverse of the distribution function; its derivative is that of Figurnov et al. (2018).
  /// Samples that overflow (in float, of nu below some 0.3) are lowered to the largest finite
  /// number, and move no parameter.
  Var rsample(Var noise) const;
  Var sample(Var noise) const;
  /// sum_d (nu + 1) / 2 (digamma((nu + 1) / 2) - digamma(nu / 2)) + log(sqrt(nu) B(nu / 2, 1/2)) +
  /// log_scale.
  Var entropy() const;
  /// NaN for nu <= 1, where there is none.
  Var expectation() const;
  Var mode() const { return mean; }
  StudentT detached() const;
};

static_assert(Reparameterized<StudentT>);

}  // namespace nelbo
