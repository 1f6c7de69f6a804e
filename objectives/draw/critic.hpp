#pragma once
#include "objectives/draw/auxiliary.hpp"

namespace nelbo {

/// The critic of FactorVAE (Kim and Mnih 2018): tells samples of the aggregated posterior from
/// samples of the product of its marginals. Codes z [B, D] to log D/(1 - D), [B]; its mean over the
/// aggregated posterior estimates TC. Six hidden layers of 1,000 with leaky relu (slope 0.2), as in
/// the paper: "critic.0" .. "critic.5" and "critic.output". It learns with momentum 0.5 and a rate of
/// its own (appendix A).
Auxiliary critic();
inline constexpr const char* critic_group = "critic";

/// Binary cross-entropy of the logits of codes against those of codes permuted within each dimension,
/// [B] each: rank 0, nats.
Var critic_loss(Var logit_of_codes, Var logit_of_permuted);

}  // namespace nelbo
