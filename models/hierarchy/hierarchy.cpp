#include "models/hierarchy/hierarchy.hpp"

#include "autodiff/error.hpp"
#include "models/architectures/output.hpp"
#include "models/hierarchy/layered.hpp"

namespace nelbo {
namespace {

using Widths = std::vector<std::int64_t>;

/// Throws Error for a configuration that is none; the checked one.
const HierarchyConfig& checked(const HierarchyConfig& config) {
  if (config.layers.empty()) throw Error("model " + config.name + ": has no layers");
  for (const HierarchyConfig::Layer& layer : config.layers) {
    if (layer.size >= 1) continue;
    throw Error("model " + config.name + ": a layer of " + std::to_string(layer.size) +
                " latent variables; there must be at least 1");
  }
  return config;
}

std::vector<CodeLayer> code_layers(const HierarchyConfig& config) {
  std::vector<CodeLayer> layers;
  std::int64_t first = 0;
  for (const HierarchyConfig::Layer& layer : config.layers) {
    const std::string number = std::to_string(layers.size() + 1);
    layers.push_back({"z" + number, first, layer.size});
    first += layer.size;
  }
  return layers;
}

Widths downward(const HierarchyConfig::Layer& layer) {
  return {layer.hidden.rbegin(), layer.hidden.rend()};
}

}  // namespace

Hierarchy::Hierarchy(const HierarchyConfig& config, const DataMoments& moments,
                     ParameterStore& store)
    : store_(store), config_(checked(config)), layers_(code_layers(config)) {
  std::int64_t below = config_.features;
  for (std::size_t l = 0; l < layers_.size(); ++l) {
    const HierarchyConfig::Layer& own = config_.layers[l];
    up_.emplace_back(store, "encoder." + layers_[l].name, "phi", below, own.hidden,
                     config_.activation, own.size);
    below = config_.ladder ? up_.back().width() : own.size;
  }
  for (std::size_t l = 0; l + 1 < layers_.size(); ++l) {
    down_.emplace_back(store, "prior." + layers_[l].name, "psi", layers_[l + 1].size,
                       downward(config_.layers[l + 1]), config_.activation, layers_[l].size);
  }
  hidden_.emplace(store, "decoder", "theta", layers_.front().size, downward(config_.layers.front()),
                  config_.activation);
  output_ =
      decoder_output(store, hidden_->outputs(),
                     {.example = {config_.features}, .likelihood = config_.likelihood}, moments);
  if (auto own = config_.likelihood->declared(store, config_.features, moments)) {
    config_.likelihood = own;
  }
}

CodeSpace Hierarchy::codes() const {
  return {CodeSpace::Kind::continuous, layers_.back().first + layers_.back().size};
}

std::shared_ptr<const Posterior> Hierarchy::posterior(const Batch& batch) const {
  if (!config_.ladder) return bottom_up(layers_, up_.front()(batch.x), up_);
  std::vector<DiagNormal> own;
  Var h = batch.x;
  for (const NormalLayer& layer : up_) own.push_back(layer.of_features(h = layer.features(h)));
  return top_down(layers_, own, down_);
}

std::shared_ptr<const Prior> Hierarchy::prior(std::optional<Var>) const {
  return layered_prior(config_.name, layers_, down_);
}

Var Hierarchy::decode(Var z, std::optional<Var>) const {
  return output_((*hidden_)(layer_of(z, layers_.front())));
}

Groups Hierarchy::encoder() const {
  return config_.ladder ? store_.groups({"phi", "psi"}) : store_.groups({"phi"});
}

}  // namespace nelbo
