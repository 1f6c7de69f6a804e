#pragma once
#include <cstdint>

#include "autodiff/parameters.hpp"
#include "autodiff/tensor.hpp"
#include "models/layers/layer.hpp"
#include "models/layers/window.hpp"
#include "models/vae_config.hpp"

namespace nelbo {

// The decoder's last layer, "decoder.output": it fits the likelihood, and its bias starts at the data,
// `mean` [X] (Likelihood::output_start).

/// Features [.., inputs] to the likelihood's output [.., X].
Layer dense_output(ParameterStore& store, std::int64_t inputs, const VaeConfig& config,
                   const Tensor& mean);

/// How images become images of an example.
enum class ImageOutput {
  convolution,  // of the same size
  transposed    // larger, by a transposed convolution
};

/// Images [N, h, w, inputs] to the likelihood's output of examples of `channels` channels, [N, H, W,
/// channels]. The bias is one per channel and starts at the channel's mean.
Layer image_output(ParameterStore& store, std::int64_t inputs, std::int64_t channels,
                   ImageOutput kind, const Window& window, const VaeConfig& config,
                   const Tensor& mean);

}  // namespace nelbo
