#pragma once
#include "autodiff/ops/density_ops.hpp"
#include "models/distributions/distribution.hpp"

namespace nelbo {

/// N(mean, diag exp(log_variance)): the encoder's Q(Z|x) of Zheng eqs (7), (9), and the decoder of
/// normal data. mean and log_variance [S, B, D], [B, D] or [D]; each may broadcast to the other.
struct DiagNormal {
  Var mean;
  Var log_variance;

  static constexpr int event_rank = 1;
  static constexpr bool has_rsample = true;
  static constexpr Noise noise = Noise::normal;

  /// x [S, B, D] or [B, D]; [S, B] where either x or the parameters have draws, else [B].
  Var log_prob(Var x) const;
  /// mean + exp(log_variance / 2) noise.
  Var rsample(Var noise) const { return rsample_log_prob(noise).z; }
  /// The sample with its own log-density, from the noise and not from a difference of near-equal
  /// numbers.
  NormalSample rsample_log_prob(Var noise) const {
    return normal_rsample_log_prob(mean, log_variance, noise);
  }
  Var sample(Var noise) const;
  /// 1/2 sum_d (log 2 pi e + log_variance_d).
  Var entropy() const;
  Var expectation() const { return mean; }
  Var mode() const { return mean; }
  DiagNormal detached() const;
};

static_assert(Reparameterized<DiagNormal>);

/// log N(x_d; mean_d, s2_d) of every dimension, of the shape that x and the parameters broadcast to.
Var marginal_log_probs(const DiagNormal& normal, Var x);

/// N(mean, I): Zheng eq. (2).
DiagNormal unit_normal(Var mean);
/// N(mean, variance I). Throws Error unless the variance is positive and finite.
DiagNormal fixed_normal(Var mean, double variance);

}  // namespace nelbo
