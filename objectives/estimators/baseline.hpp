#pragma once
#include "autodiff/tape.hpp"
#include "objectives/draw/auxiliary.hpp"
#include "objectives/estimators/weighted_rule.hpp"

namespace nelbo {

/// What a score-function estimator takes from L to make its weights small: a number that follows
/// the mean of L, or a network of x (Mnih and Gregor 2014). x [B, X] to c(x) [B], nats. Declares
/// "baseline.mean", and for a learned one "baseline.0", "baseline.1" (tanh) and "baseline.output".
/// The mean keeps nine tenths of itself at each step; the network learns as a model does by default.
/// `kind` is not none.
Auxiliary baseline(WeightedRule::Baseline kind);
inline constexpr const char* baseline_group = "baseline";

/// 1/2 mean_b (L_b - c_b)^2 of L and c [B]: rank 0. Its gradient step of size r moves the mean to
/// (1 - r) c + r L.
Var baseline_loss(Var value, Var baseline);

}  // namespace nelbo
