#include "models/layers/hidden_layer.hpp"

#include "autodiff/ops/elementwise_ops.hpp"
#include "autodiff/ops/linear_ops.hpp"
#include "models/layers/dropout.hpp"
#include "models/layers/layer_norm.hpp"
#include "models/layers/linear.hpp"

namespace nelbo {

HiddenLayer::HiddenLayer(ParameterStore& store, const std::string& name, const std::string& group,
                         std::int64_t inputs, std::int64_t outputs, const HiddenKind& kind,
                         const WeightInit& weight) {
  const Activation activation = kind.activation;
  const Activation fused = kind.layer_norm ? Activation::identity : activation;
  features_.append(Linear(store, name, group, inputs, outputs, fused, weight));
  if (kind.layer_norm) {
    features_.append(LayerNorm(store, name + ".norm", group, outputs));
    features_.append([activation](Var x) { return activate(x, activation); });
  }
  if (kind.gated) {
    gate_.append(
        Linear(store, name + ".gate", group, inputs, outputs, Activation::sigmoid, weight));
  }
  const Dropout dropout(kind.dropout);
  if (kind.dropout > 0) dropout_.append(dropout);
}

Var HiddenLayer::operator()(Var x) const {
  const Var features = features_(x);
  return dropout_(gate_.size() == 0 ? features : features * gate_(x));
}

}  // namespace nelbo
