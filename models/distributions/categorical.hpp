#pragma once
#include "models/distributions/distribution.hpp"

namespace nelbo {

/// D independent variables with K classes each, P(x_d = k) = softmax(logits_d)_k; logits [S, B, D,
/// K], [B, D, K] or [D, K]. A value x_d is its class's number 0..K-1, stored as a floating-point
/// number.
struct Categorical {
  Var logits;

  static constexpr int event_rank = 1;
  static constexpr bool has_rsample = false;
  static constexpr Noise noise = Noise::uniform;

  /// x [S, B, D] or [B, D]; [S, B] where either x or the parameters have draws, else [B]. -infinity
  /// where an x_d is no class.
  Var log_prob(Var x) const;
  /// The class in whose share of (0, 1) the noise falls.
  Var sample(Var noise) const;
  Var entropy() const;
  /// sum_k k P(x_d = k), without the axis K.
  Var expectation() const;
  /// The first most probable class, without the axis K.
  Var mode() const;
  Categorical detached() const;

  /// log P(x_d = k), of the logits' shape.
  Var log_probabilities() const;
  /// 1 in the place of each class x_d, else 0: [.., K] of x [..].
  Var one_hot(Var x) const;
  /// K. Throws Error for logits without the axes D and K.
  std::int64_t classes() const;
};

static_assert(Distribution<Categorical> && !Reparameterized<Categorical>);

}  // namespace nelbo
