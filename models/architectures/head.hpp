#pragma once
#include "models/init.hpp"
#include "models/layers/linear.hpp"
#include "models/vae_config.hpp"

namespace nelbo {

/// The encoder's last layer, "encoder.head": features [B, H] to [B, 2L], means and then
/// log-variances, and L (L-1) / 2 more of a full posterior's factor. One product for all, because a
/// thin matrix wastes the kernel; the first two each start Glorot-uniform as a layer of their own
/// would, the factor at 0: every Q(Z|x) starts diagonal.
inline Linear encoder_head(ParameterStore& store, std::int64_t features, const VaeConfig& config) {
  const std::int64_t latent = config.latent;
  const bool full = config.posterior == Covariance::full;
  const std::int64_t outputs = 2 * latent + (full ? latent * (latent - 1) / 2 : 0);
  return Linear(store, "encoder.head", "phi", features, outputs, Activation::identity,
                [latent](std::int64_t in, std::int64_t) {
                  return first_columns(2 * latent, glorot_uniform(in, latent));
                });
}

}  // namespace nelbo
