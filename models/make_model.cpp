#include "models/make_model.hpp"

#include "models/architectures/architecture.hpp"
#include "models/vae.hpp"

namespace nelbo {

std::unique_ptr<Model> make_model(const VaeConfig& config, const DataMoments& moments,
                                  ParameterStore& store) {
  const Architecture& own = architectures().at(config.architecture);
  if (own.model) {
    return own.model(resolve(config), of_features(moments, config.example.size()), store);
  }
  return std::make_unique<Vae>(config, moments, store);
}

}  // namespace nelbo
