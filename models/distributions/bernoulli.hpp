#pragma once
#include "models/distributions/distribution.hpp"

namespace nelbo {

/// D independent binary variables with P(x_d = 1) = sigmoid(logits_d); logits [S, B, D], [B, D] or
/// [D]. x may lie anywhere in [0, 1]: a grey value counts as a probability, and log_prob is then
/// the expected log-probability of an image drawn from it.
struct Bernoulli {
  Var logits;

  static constexpr int event_rank = 1;
  static constexpr bool has_rsample = false;
  static constexpr Noise noise = Noise::uniform;

  /// sum_d x l - softplus(l). x [S, B, D] or [B, D]; [S, B] where either has draws, else [B].
  Var log_prob(Var x) const;
  /// 1 where noise < sigmoid(logits), else 0.
  Var sample(Var noise) const;
  /// sigmoid((logits - logit(noise)) / temperature) of the same noise, above 1/2 where
  /// sample(noise) is 1: the binary concrete distribution of Maddison, Mnih and Teh (2017).
  /// temperature > 0, rank 0. Gradients flow to logits and temperature.
  Var relaxed_sample(Var noise, Var temperature) const;
  Var entropy() const;
  /// The probabilities.
  Var expectation() const;
  /// 0 or 1.
  Var mode() const;
  Bernoulli detached() const;
};

static_assert(Distribution<Bernoulli> && !Reparameterized<Bernoulli>);

}  // namespace nelbo
