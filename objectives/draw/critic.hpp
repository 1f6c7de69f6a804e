#pragma once
#include <cstdint>

#include "autodiff/parameters.hpp"
#include "autodiff/tape.hpp"
#include "models/layers/layer.hpp"

namespace nelbo {

/// The critic of FactorVAE (Kim and Mnih 2018): tells samples of the aggregated posterior from
/// samples of the product of its marginals. Its parameters are a group of their own, "critic",
/// which no objective of the model moves, as the critic's own loss moves nothing else.
class Critic {
 public:
  static constexpr std::int64_t width = 1000, depth = 6;  // as in the paper
  static constexpr const char* group = "critic";

  /// Declares "critic.0" .. "critic.5" (leaky relu, slope 0.2) and "critic.output".
  Critic(ParameterStore& store, std::int64_t latent);

  /// log D/(1 - D) of codes z [B, D]: [B]. Its mean over the aggregated posterior estimates TC.
  Var logit(Var z) const;
  /// Binary cross-entropy of codes z against codes permuted within each dimension: rank 0, nats.
  Var loss(Var logit_of_codes, Var logit_of_permuted) const;

 private:
  Layer net_;
};

}  // namespace nelbo
