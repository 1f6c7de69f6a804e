#pragma once
#include "models/layers/layer.hpp"

namespace nelbo {

/// x + branch(x); He et al. (2016). With zeros() in the branch's last layer it starts as the
/// identity:
///
///   ResidualBlock block(Sequential{LayerNorm(store, "0.norm", "theta", 64),
///                                  Linear(store, "0.in", "theta", 64, 256, Activation::relu),
///                                  Linear(store, "0.out", "theta", 256, 64)});
class ResidualBlock {
 public:
  explicit ResidualBlock(Layer branch) : branch_(std::move(branch)) {}
  /// Any shape, which the branch must keep: throws Error otherwise (adding would broadcast).
  Var operator()(Var x) const;

 private:
  Layer branch_;
};

}  // namespace nelbo
