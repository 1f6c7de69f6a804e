#pragma once
#include <string>

#include "autodiff/activation.hpp"
#include "autodiff/tape.hpp"
#include "models/init.hpp"

namespace nelbo {

/// activation(x W + b).
class Linear {
 public:
  /// Declares "name.weight" [I, O] and "name.bias" [O] in `group`. Throws Error for sizes below 1.
  Linear(ParameterStore& store, const std::string& name, const std::string& group,
         std::int64_t inputs, std::int64_t outputs, Activation activation = Activation::identity,
         const WeightInit& weight = glorot_uniform, const Initializer& bias = zeros());

  /// x [..., I] gives [..., O].
  Var operator()(Var x) const;

 private:
  const ParameterStore* store_;
  ParameterId weight_;
  ParameterId bias_;
  Activation activation_;
};

}  // namespace nelbo
