#pragma once
#include <optional>

#include "autodiff/parameters.hpp"
#include "autodiff/tape.hpp"
#include "models/layers/layer.hpp"
#include "objectives/estimators/estimator.hpp"

namespace nelbo {

/// What a score-function estimator takes from L to make its weights small: a number that follows
/// the mean of L, or a network of x (Mnih and Gregor 2014). Its parameters are a group of their
/// own, "baseline", which learns from its own loss and no objective of the model moves.
class Baseline {
 public:
  static constexpr std::int64_t width = 100;  // of the network's two layers, as in the paper
  static constexpr const char* group = "baseline";

  /// Declares "baseline.mean", and for a learned one "baseline.0", "baseline.1" (tanh) and
  /// "baseline.output" for data of `features` numbers. `kind` is not none.
  Baseline(Estimator::Baseline kind, ParameterStore& store, std::int64_t features);

  /// c(x) of x [B, X]: [B], nats.
  Var operator()(Var x) const;
  /// 1/2 mean_b (L_b - c_b)^2 of L and c [B]: rank 0. Its gradient step of size r moves the mean to
  /// (1 - r) c + r L.
  static Var loss(Var value, Var baseline);

 private:
  const ParameterStore& store_;
  ParameterId mean_;
  std::optional<Layer> net_;
};

}  // namespace nelbo
