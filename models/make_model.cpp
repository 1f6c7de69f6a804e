#include "models/make_model.hpp"

#include <utility>

#include "models/architectures/architecture.hpp"
#include "models/in_units.hpp"
#include "models/labels/semi_supervised.hpp"
#include "models/vae.hpp"

namespace nelbo {

std::unique_ptr<Model> make_model(const VaeConfig& config, const DataMoments& moments,
                                  ParameterStore& store) {
  const Architecture& own = architectures().at(config.architecture);
  std::unique_ptr<Model> model;
  if (own.model) {
    model = own.model(resolve(config), of_features(moments, config.example.size()), store);
  } else if (config.semi_supervised) {
    model = std::make_unique<SemiSupervised>(config, moments, store);
  } else {
    model = std::make_unique<Vae>(config, moments, store);
  }
  return in_units(std::move(model), config.log_volume);
}

}  // namespace nelbo
