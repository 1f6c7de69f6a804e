#pragma once
#include "models/init.hpp"
#include "models/layers/linear.hpp"
#include "models/vae_config.hpp"

namespace nelbo {

/// The encoder's last layer, "encoder.head": features [B, H] to the posterior's parameters,
/// vae.hpp. One product for all, because a thin matrix wastes the kernel; the parts (means,
/// log-variances, logits) each start Glorot-uniform as a layer of their own would, a full
/// posterior's factor at 0: every Q(Z|x) starts diagonal.
inline Linear encoder_head(ParameterStore& store, std::int64_t features, const VaeConfig& config) {
  const std::int64_t part = config.dimensions();
  const std::int64_t parts = config.posterior.discrete() ? part : 2 * part;
  const bool full = config.posterior.kind == PosteriorConfig::Kind::full;
  const std::int64_t outputs = parts + (full ? part * (part - 1) / 2 : 0);
  return Linear(store, "encoder.head", "phi", features, outputs, Activation::identity,
                [part, parts](std::int64_t in, std::int64_t) {
                  return first_columns(parts, glorot_uniform(in, part));
                });
}

}  // namespace nelbo
