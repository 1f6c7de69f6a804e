#pragma once
#include "models/layers/layer.hpp"

namespace nelbo {

/// The two networks of a variational autoencoder.
struct Coders {
  Layer encoder;  // [B, X] to the posterior's parameters, [B, posterior.head(codes).outputs]
  Layer decoder;  // [S, B, D] to the likelihood's output, [S, B, P X]
};

}  // namespace nelbo
