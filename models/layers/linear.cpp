#include "models/layers/linear.hpp"

#include "autodiff/error.hpp"
#include "autodiff/ops/linear_ops.hpp"

namespace nelbo {

Linear::Linear(ParameterStore& store, const std::string& name, const std::string& group,
               std::int64_t inputs, std::int64_t outputs, Activation activation,
               const WeightInit& weight, const Initializer& bias)
    : store_(&store), activation_(activation) {
  if (inputs < 1 || outputs < 1) {
    throw Error("linear '" + name + "': " + std::to_string(inputs) + " inputs and " +
                std::to_string(outputs) + " outputs; both must be at least 1");
  }
  weight_ = store.add(name + ".weight", group, {inputs, outputs}, weight(inputs, outputs));
  bias_ = store.add(name + ".bias", group, {outputs}, bias);
}

Var Linear::operator()(Var x) const {
  Tape& tape = Tape::current();
  return linear(x, tape.parameter(*store_, weight_), tape.parameter(*store_, bias_), activation_);
}

}  // namespace nelbo
