#pragma once
#include "autodiff/parameters.hpp"
#include "models/architectures/coders.hpp"
#include "models/architectures/network_description.hpp"
#include "models/data_moments.hpp"
#include "models/vae_config.hpp"

namespace nelbo {

/// The networks of a description. The encoder sees one example, [X] or [H, W, C] (of [H, W], C = 1);
/// its head (head.hpp) takes all numbers that its last layer gives. The decoder begins with z [D]; its
/// output (output.hpp) is dense behind a vector, and behind images a convolution, 3x3 where they are as
/// large as an example, and 4x4, stride 2, transposed, where they are half as large. Layers with
/// parameters are counted: "encoder.0", "encoder.1", ... Throws SettingError of `model` naming the
/// network, the layer and the shape at that point where a layer does not fit, and for more than 2^28
/// parameters.
Coders described_coders(const NetworkDescription& network, const VaeConfig& config,
                        const DataMoments& moments, ParameterStore& store);

}  // namespace nelbo
