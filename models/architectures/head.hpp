#pragma once
#include "models/init.hpp"
#include "models/layers/linear.hpp"
#include "models/vae_config.hpp"

namespace nelbo {

/// The encoder's last layer, "encoder.head": features [B, H] to the posterior's parameters,
/// posterior_family.hpp. One product for all, because a thin matrix wastes the kernel; the parts (means,
/// log-variances, logits) each start Glorot-uniform as a layer of their own would, a full
/// posterior's factor at 0: every Q(Z|x) starts diagonal.
inline Linear encoder_head(ParameterStore& store, std::int64_t features,
                           const PosteriorFamily& posterior, const CodeSpace& codes) {
  const PosteriorFamily::Head head = posterior.head(codes);
  return Linear(store, "encoder.head", "phi", features, head.outputs, Activation::identity,
                [head](std::int64_t in, std::int64_t) {
                  return first_columns(head.started, glorot_uniform(in, head.part));
                });
}
inline Linear encoder_head(ParameterStore& store, std::int64_t features, const VaeConfig& config) {
  return encoder_head(store, features, config.posterior, config.codes());
}

}  // namespace nelbo
