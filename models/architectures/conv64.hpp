#pragma once
#include "autodiff/parameters.hpp"
#include "models/architectures/coders.hpp"
#include "models/data_moments.hpp"
#include "models/vae_config.hpp"

namespace nelbo {

/// Images [64, 64] or [64, 64, C]. Encoder: convolutions to 32, 32, 64, 64 features (4x4, stride 2,
/// padding 1), a dense layer of 256; decoder: dense layers of 256 and 4*4*64, transposed
/// convolutions to 64, 32, 32, C; relu throughout. Burgess et al. (2018), "Understanding
/// disentangling in beta-VAE", with the widths of Locatello et al. (2019), "Challenging common
/// assumptions". The output's bias is one per channel and starts at the channel's moments.
/// Throws Error for examples of other shapes.
Coders conv64_coders(const VaeConfig& config, const DataMoments& moments, ParameterStore& store);

}  // namespace nelbo
