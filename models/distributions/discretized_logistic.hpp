#pragma once
#include "models/distributions/categorical.hpp"

namespace nelbo {

/// D independent 8-bit intensities x_d = k / 255, k = 0..255: a logistic variable of the given mean
/// and scale exp(log_scale), rounded to the nearest level; what lies beyond 0 or 1 counts to the
/// end. Kingma et al. (2016), Salimans et al. (2017). mean and log_scale [S, B, D], [B, D] or [D];
/// each may broadcast to the other.
struct DiscretizedLogistic {
  Var mean;
  Var log_scale;

  static constexpr int event_rank = 1;
  static constexpr bool has_rsample = false;
  static constexpr Noise noise = Noise::uniform;
  static constexpr int levels = 256;

  /// x [S, B, D] or [B, D] of levels k / 255; [S, B] where either x or the parameters have draws,
  /// else [B].
  Var log_prob(Var x) const;
  /// The log-probability of each x by itself, of its shape or the parameters' where these are larger.
  Var log_masses(Var x) const;
  /// The logistic variable whose distribution function is the noise, rounded.
  Var sample(Var noise) const;
  // These sum over all levels and hold 256 numbers for each of the parameters'.
  Var entropy() const { return over_levels().entropy(); }
  Var expectation() const;
  Var mode() const;
  DiscretizedLogistic detached() const;

  /// The same distribution of the level's number k = 255 x.
  Categorical over_levels() const;
};

static_assert(Distribution<DiscretizedLogistic> && !Reparameterized<DiscretizedLogistic>);

}  // namespace nelbo
