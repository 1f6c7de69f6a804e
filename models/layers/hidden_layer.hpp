#pragma once
#include <string>

#include "autodiff/activation.hpp"
#include "models/init.hpp"
#include "models/layers/sequential.hpp"

namespace nelbo {

/// What a hidden layer is, beside its width.
struct HiddenKind {
  Activation activation = Activation::tanh;
  bool layer_norm = false;  // before the activation
  bool gated = false;       // the result times a gate in (0, 1)
  double dropout = 0;       // the rate at which units are dropped in training (dropout.hpp)
};

/// A dense hidden layer,
///
///   dropout( activation( norm( x W + b ) ) * sigmoid( x V + c ) ),
///
/// of which norm, gate and dropout are there where they are asked for. With a gate and the activation
/// `identity` it is the gated layer of Tomczak and Welling (2018), "VAE with a VampPrior".
class HiddenLayer {
 public:
  /// Declares "name.weight" [I, O] and "name.bias" [O] in `group`; of the norm "name.norm.weight" and
  /// "name.norm.bias" [O]; of the gate "name.gate.weight" [I, O] and "name.gate.bias" [O]. Throws
  /// Error for sizes below 1 and a rate outside [0, 1).
  HiddenLayer(ParameterStore& store, const std::string& name, const std::string& group,
              std::int64_t inputs, std::int64_t outputs, const HiddenKind& kind,
              const WeightInit& weight = glorot_uniform);

  /// x [..., I] gives [..., O].
  Var operator()(Var x) const;

 private:
  Sequential features_, gate_, dropout_;  // a gate or dropout that is not there is empty
};

}  // namespace nelbo
