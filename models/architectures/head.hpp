#pragma once
#include "models/layers/linear.hpp"

namespace nelbo {

/// The encoder's last layer, "encoder.head": features [B, H] to [B, 2L], means and then
/// log-variances. One product for both, because a thin matrix wastes the kernel; each half starts
/// Glorot-uniform as a layer of its own would.
inline Linear encoder_head(ParameterStore& store, std::int64_t features, std::int64_t latent) {
  return Linear(store, "encoder.head", "phi", features, 2 * latent, Activation::identity,
                [latent](std::int64_t in, std::int64_t) { return glorot_uniform(in, latent); });
}

}  // namespace nelbo
