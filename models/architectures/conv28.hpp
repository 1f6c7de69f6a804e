#pragma once
#include "autodiff/parameters.hpp"
#include "models/architectures/coders.hpp"
#include "models/data_moments.hpp"
#include "models/vae_config.hpp"

namespace nelbo {

/// Images [28, 28] or [28, 28, C], as MNIST's. Encoder: convolutions to 32 and 64 features (4x4, stride
/// 2, padding 1), a dense layer of 256; the decoder mirrors it; relu throughout. Throws Error for
/// examples of other shapes.
Coders conv28_coders(const VaeConfig& config, const DataMoments& moments, ParameterStore& store);

}  // namespace nelbo
