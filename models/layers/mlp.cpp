#include "models/layers/mlp.hpp"

namespace nelbo {

Mlp::Mlp(ParameterStore& store, const std::string& name, const std::string& group,
         std::int64_t inputs, std::span<const std::int64_t> widths, const HiddenKind& kind,
         const WeightInit& weight)
    : outputs_(inputs) {
  for (std::size_t i = 0; i < widths.size(); ++i) {
    const std::string layer = name + "." + std::to_string(i);
    layers_.append(HiddenLayer(store, layer, group, outputs_, widths[i], kind, weight));
    outputs_ = widths[i];
  }
}

}  // namespace nelbo
