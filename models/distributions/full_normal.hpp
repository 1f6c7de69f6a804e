#pragma once
#include "autodiff/ops/density_ops.hpp"
#include "models/distributions/diag_normal.hpp"
#include "models/distributions/distribution.hpp"

namespace nelbo {

/// N(mean, L L') with the Cholesky factor L: lower triangular, positive diagonal. mean [S, B, D],
/// [B, D] or [D]; factor likewise with one axis more, [B, D, D]. Leading axes broadcast.
struct FullNormal {
  Var mean;
  Var factor;

  static constexpr int event_rank = 1;
  static constexpr bool has_rsample = true;
  static constexpr Noise noise = Noise::normal;

  /// x [S, B, D] or [B, D]; [S, B] where either x or the parameters have draws, else [B].
  Var log_prob(Var x) const;
  /// mean + L noise.
  Var rsample(Var noise) const;
  /// The sample with its own log-density, from the noise:
  /// log q(z) = -1/2 (|noise|^2 + log |L L'| + D log 2 pi).
  NormalSample rsample_log_prob(Var noise) const;
  Var sample(Var noise) const;
  /// 1/2 (D log 2 pi e + log |L L'|).
  Var entropy() const;
  Var expectation() const { return mean; }
  Var mode() const { return mean; }
  FullNormal detached() const;
  /// N(mean_d, (L L')_dd) of every dimension.
  DiagNormal marginals() const;
  /// log |L L'|, of the factor's shape without D, D.
  Var log_determinant() const;
};

static_assert(Reparameterized<FullNormal>);

/// The normal of the mean and covariance given, [D] and [D, D], as leaves of the current tape.
/// Throws Error for other shapes, numbers that are not finite, and a covariance that is not
/// symmetric positive definite.
FullNormal given_normal(const Tensor& mean, const Tensor& covariance);

}  // namespace nelbo
