#pragma once
#include "autodiff/parameters.hpp"
#include "models/architectures/coders.hpp"
#include "models/data_moments.hpp"
#include "models/vae_config.hpp"

namespace nelbo {

/// Images [32, 32] or [32, 32, C], as CIFAR-10's. Encoder: three convolutions (4x4, stride 2, padding 1)
/// to 32, 64 and 64 features, a residual block after each, and a dense layer of 256; the decoder mirrors
/// it. Blocks are those of He et al. (2016), "Identity mappings in deep residual networks", without
/// batch normalisation, which would tie the data of a batch to each other. Throws Error for examples of
/// other shapes.
Coders resnet32_coders(const VaeConfig& config, const DataMoments& moments, ParameterStore& store);

}  // namespace nelbo
