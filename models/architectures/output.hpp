#pragma once
#include "models/data_moments.hpp"
#include "models/init.hpp"
#include "models/layers/linear.hpp"
#include "models/vae_config.hpp"

namespace nelbo {

/// How the weights of a decoder's last layer start: Glorot-uniform, each of the likelihood's P blocks as
/// a layer of its own would.
WeightInit output_weights(const VaeConfig& config);

/// The decoder's last layer, "decoder.output": features [.., H] to the likelihood's output, [.., P X]. Its
/// bias starts where the output is best when z says nothing.
Linear decoder_output(ParameterStore& store, std::int64_t features, const VaeConfig& config,
                      const DataMoments& moments);

/// The same start for the bias of a last convolution, one for every parameter of every channel: [P C], of
/// the moments [X] of images [.., C].
Initializer output_start_of_channels(const VaeConfig& config, const DataMoments& moments,
                                     std::int64_t channels);

/// Images [S B, .., P C] of a last convolution as the likelihood's output, [S, B, P X], X = .. C.
Var parameters_first(Var images, std::int64_t parameters, std::int64_t draws, std::int64_t batch);

}  // namespace nelbo
