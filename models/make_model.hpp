#pragma once
#include <memory>

#include "models/data_moments.hpp"
#include "models/model.hpp"
#include "models/vae_config.hpp"

namespace nelbo {

/// The model that the configuration names. Declares its parameters; freeze the store before recording.
/// Throws Error for an unknown architecture and what it cannot be given.
std::unique_ptr<Model> make_model(const VaeConfig& config, const DataMoments& moments,
                                  ParameterStore& store);

}  // namespace nelbo
