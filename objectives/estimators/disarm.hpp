#pragma once
#include "models/posteriors/posterior.hpp"

namespace nelbo::estimators {

/// What disarm weights in place of log Q: for antithetic samples z [S, B, D] of Bernoulli
/// variables with logits l,
///   sum_d stop((z_sd - z'_sd) sigmoid(|l_d|)) l_d,  z' the other of the pair: [S, B].
/// Pairs are samples 2i and 2i + 1. Throws Error for another family and an odd S.
Var flips(const Posterior& q, Var z);

}  // namespace nelbo::estimators
