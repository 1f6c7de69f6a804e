#pragma once
#include <string>

#include "autodiff/activation.hpp"
#include "autodiff/tape.hpp"
#include "models/init.hpp"
#include "models/layers/window.hpp"

namespace nelbo {

/// activation(x *' W + b): the transpose of a convolution with respect to its input, channel-last.
class ConvTranspose2d {
 public:
  /// Declares "name.weight" [C, O, K, K] and "name.bias" [O] in `group`. Throws Error for sizes
  /// below 1 or a negative padding.
  ConvTranspose2d(ParameterStore& store, const std::string& name, const std::string& group,
                  std::int64_t channels, std::int64_t features, Window window,
                  Activation activation = Activation::identity,
                  const WeightInit& weight = glorot_uniform, const Initializer& bias = zeros());

  /// x [B, H, W, C] gives [B, OH, OW, O], OH = (H - 1) stride - 2 padding + K.
  Var operator()(Var x) const;

 private:
  const ParameterStore* store_;
  ParameterId weight_;
  ParameterId bias_;
  Window window_;
  Activation activation_;
};

}  // namespace nelbo
