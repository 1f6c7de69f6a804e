#pragma once
// Log-densities summed over the last axis (the event D), fused: the elementwise terms are never
// stored. Axes are [S, B, D]: draws, batch, event; leading axes are optional. Values are in nats
// per datum.
#include "autodiff/tape.hpp"

namespace nelbo {

/// A reparameterised draw of a diagonal normal.
struct NormalSample {
  Var z;         // [S, B, D]
  Var log_prob;  // [S, B]
};

/// z = mean + exp(log_variance / 2) noise and
/// log q(z) = sum_d -(noise^2 + log_variance + log 2 pi) / 2, from the noise and not from z - mean,
/// which would lose digits. noise [S, B, D] is a leaf of standard normal numbers (no gradient flows
/// to it); mean and log_variance have its shape or broadcast to it ([B, D], [D]). Zheng eq. (9).
NormalSample normal_rsample_log_prob(Var mean, Var log_variance, Var noise);

/// sum_d -((z - mean)^2 exp(-log_variance) + log_variance + log 2 pi) / 2 of z [S, B, D]: [S, B].
/// mean and log_variance broadcast to the shape of z ([B, D], [D], [1, 1, D], a scalar).
Var normal_log_prob(Var z, Var mean, Var log_variance);

/// sum_d -(z^2 + log 2 pi) / 2 of z [S, B, D]: [S, B]. The prior P0 of Zheng eq. (1).
Var standard_normal_log_prob(Var z);

/// KL(N(mean, exp(log_variance)) || N(0, I)) of mean, log_variance [B, D]: [B]. Zheng eq. (16):
/// 1/2 sum_d (exp(log_variance) + mean^2 - 1 - log_variance).
Var normal_kl_standard(Var mean, Var log_variance);

/// KL(N(mean_q, ...) || N(mean_p, ...)) of [B, D] operands, which broadcast: [B].
Var normal_kl(Var mean_q, Var log_variance_q, Var mean_p, Var log_variance_p);

/// sum_d x l - softplus(l), the log-probability of x under Bernoulli(sigmoid(l)): logits [S, B, D]
/// or [B, D] and x [B, D] give [S, B] or [B]. x may lie anywhere in [0, 1] (a grey value counts as
/// a probability).
Var bernoulli_log_prob(Var logits, Var x);

}  // namespace nelbo
