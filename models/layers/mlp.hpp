#pragma once
#include <span>
#include <string>

#include "models/layers/hidden_layer.hpp"
#include "models/layers/sequential.hpp"

namespace nelbo {

/// A chain of dense layers, every one of the same kind. A network's last, linear layer is a Linear of
/// its own: its name, activation and start differ.
class Mlp {
 public:
  /// Declares layers "name.0", "name.1", ... from `inputs` through the widths given.
  Mlp(ParameterStore& store, const std::string& name, const std::string& group, std::int64_t inputs,
      std::span<const std::int64_t> widths, const HiddenKind& kind,
      const WeightInit& weight = glorot_uniform);
  Mlp(ParameterStore& store, const std::string& name, const std::string& group, std::int64_t inputs,
      std::span<const std::int64_t> widths, Activation activation,
      const WeightInit& weight = glorot_uniform)
      : Mlp(store, name, group, inputs, widths, HiddenKind{.activation = activation}, weight) {}

  /// x [..., I] gives [..., last width]; without widths x itself.
  Var operator()(Var x) const { return layers_(x); }
  /// The last width, or the inputs if there are none.
  std::int64_t outputs() const { return outputs_; }

 private:
  Sequential layers_;
  std::int64_t outputs_;
};

}  // namespace nelbo
