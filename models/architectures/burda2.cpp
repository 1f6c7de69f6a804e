#include "models/architectures/burda2.hpp"

#include "autodiff/setting_error.hpp"
#include "models/hierarchy/hierarchy.hpp"

namespace nelbo {
namespace {

std::unique_ptr<Model> two_layers(const VaeConfig& config, bool ladder, const DataMoments& moments,
                                  ParameterStore& store) {
  const HierarchyConfig hierarchy{.name = config.architecture,
                                  .features = config.example.size(),
                                  .layers = {{100, {200, 200}}, {50, {100, 100}}},
                                  .ladder = ladder,
                                  .likelihood = config.likelihood};
  if (config.latent != 100 + 50) {
    throw SettingError("latent",
                       "of " + config.architecture + " is 150, layers of 100 and 50; leave it out");
  }
  return std::make_unique<Hierarchy>(hierarchy, moments, store);
}

}  // namespace

std::unique_ptr<Model> burda2(const VaeConfig& config, const DataMoments& moments,
                              ParameterStore& store) {
  return two_layers(config, false, moments, store);
}

std::unique_ptr<Model> ladder2(const VaeConfig& config, const DataMoments& moments,
                               ParameterStore& store) {
  return two_layers(config, true, moments, store);
}

}  // namespace nelbo
