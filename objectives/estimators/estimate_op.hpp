#pragma once
#include <optional>

#include "autodiff/tape.hpp"
#include "objectives/bounds/bound.hpp"
#include "objectives/estimators/weighted_rule.hpp"

namespace nelbo {

/// A bound with the weights of an estimator, as recorded. All are data: no gradient passes.
struct EstimateVars {
  Var value;    // [B], nats
  Var decoder;  // [S, B], of log P(x|z_s) + log P0(z_s)
  Var path;     // [S, B], of z's path derivative
  Var direct;   // [S, B], path + score: what grad log Q(z|x) at a fixed z gets besides -path times
                // the whole derivative of log Q
};

/// The weights of every datum of log-weights f [S, B], one call per datum in double, as weigh() gives
/// them; `baseline` [B] where phi's rule takes one. `gate` [S, B], a leaf, is filled with path / decoder in the
/// forward pass. The same bits on any number of threads; does not allocate when replayed. Throws
/// Error if a shape does not fit.
EstimateVars estimate(const Bound& bound, const WeightedRule& phi, const WeightedRule& theta, Var f,
                      std::optional<Var> baseline = {}, std::optional<Var> gate = {});

/// The weights of a part of phi's gradient, of its shape.
Var weight_of(const WeightedRule::Direct& direct, const EstimateVars& weights);

/// `value` [B], whose cotangent also reaches x [S, B], times scale weights [S, B]: how an estimator
/// puts its gradient behind a value that it does not change.
Var carry(Var value, Var x, Var weights, double scale = 1);

}  // namespace nelbo
