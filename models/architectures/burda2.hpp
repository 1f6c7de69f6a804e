#pragma once
#include <memory>

#include "models/data_moments.hpp"
#include "models/model.hpp"
#include "models/vae_config.hpp"

namespace nelbo {

/// The two stochastic layers of Burda, Grosse and Salakhutdinov (2016), "Importance weighted
/// autoencoders": X-200-200-[100]-100-100-[50] and back, tanh.
std::unique_ptr<Model> burda2(const VaeConfig& config, const DataMoments& moments,
                              ParameterStore& store);

/// The same sizes with the posterior of Soenderby et al. (2016), "Ladder variational autoencoders".
std::unique_ptr<Model> ladder2(const VaeConfig& config, const DataMoments& moments,
                               ParameterStore& store);

}  // namespace nelbo
