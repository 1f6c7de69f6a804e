#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "autodiff/activation.hpp"
#include "autodiff/shape.hpp"
#include "models/likelihood.hpp"
#include "models/posterior_config.hpp"
#include "models/priors/prior_config.hpp"

namespace nelbo {

/// What a variational autoencoder is built from.
struct VaeConfig {
  std::string architecture = "mlp";  // a name of architectures()
  Shape example;                     // of one datum: [X], [H, W] or [H, W, C]
  std::int64_t latent = 0;           // variables L; 0: the architecture's own
  std::vector<std::int64_t> hidden;  // widths of the encoder, which the decoder mirrors; empty: the
                                     // architecture's own. Only mlp takes others
  std::optional<Activation> activation;  // of the hidden layers; none: the architecture's own. Only
                                         // mlp takes others
  Likelihood likelihood;
  PriorConfig prior;  // uniform where the posterior is discrete
  PosteriorConfig posterior;

  /// D, the numbers of a code z: L, or L K of one-hot rows.
  std::int64_t dimensions() const { return latent * posterior.width(); }
};

}  // namespace nelbo
