#pragma once
#include "models/layers/layer.hpp"

namespace nelbo {

/// The two networks of a variational autoencoder.
struct Coders {
  // Of a model with a condition of C numbers the inputs are [B, X + C] and [S, B, D + C];
  // where the encoder sees which entries are missing, X more (VaeConfig::encoder_inputs).
  Layer encoder;  // [B, X] to the posterior's parameters, [B, posterior.head(codes).outputs]
  Layer decoder;  // [S, B, D] to the likelihood's output, [S, B, P X]
};

}  // namespace nelbo
