#pragma once
#include "models/distributions/categorical.hpp"

namespace nelbo {

/// L independent variables with K classes each, P(class k of variable l) = softmax(logits_l)_k;
/// logits [S, B, L, K], [B, L, K] or [L, K]. A value is L one-hot rows one after the other, so that
/// the event D = L K: number l K + k is 1 where variable l is of class k, else 0. Categorical
/// describes the same by the classes' numbers.
struct OneHotCategorical {
  Var logits;

  static constexpr int event_rank = 1;
  static constexpr bool has_rsample = false;
  static constexpr Noise noise = Noise::uniform;

  /// sum_lk x_lk log P_lk of x [S, B, L K] or [B, L K]; [S, B] where either x or the parameters
  /// have draws, else [B]. Of rows that are probabilities, the expected log-probability.
  Var log_prob(Var x) const;
  /// Gumbel (1954), "Gumbel-max": the class with the largest logit + g, g = -log(-log(noise)).
  /// noise [S, B, L K], uniform; a sample of its shape.
  Var sample(Var noise) const;
  /// softmax((logits + g) / temperature) of the same noise, whose largest number stands where
  /// sample(noise) has its 1: the concrete distribution of Maddison, Mnih and Teh (2017) and Jang,
  /// Gu and Poole (2017). temperature > 0, rank 0. Gradients flow to logits and temperature.
  Var relaxed_sample(Var noise, Var temperature) const;
  Var entropy() const { return classes().entropy(); }
  /// The probabilities, [.., L K].
  Var expectation() const;
  /// The first most probable class of each variable, one-hot, [.., L K].
  Var mode() const;
  OneHotCategorical detached() const;

  /// The distribution of the classes' numbers.
  Categorical classes() const { return {logits}; }
};

static_assert(Distribution<OneHotCategorical> && !Reparameterized<OneHotCategorical>);

}  // namespace nelbo
