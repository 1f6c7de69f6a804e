#pragma once
#include <string>
#include <vector>

#include "autodiff/parameters.hpp"
#include "models/layers/layer.hpp"
#include "models/vae_config.hpp"

namespace nelbo {

/// The two networks of a variational autoencoder. X features, L latent variables, D numbers of a
/// code (vae.hpp).
struct Coders {
  Layer encoder;  // [B, X] to [B, 2L] or as many as encoder_head() says
  Layer decoder;  // [S, B, D] to [S, B, X]: logits or means
};

/// A named pair of networks.
struct Architecture {
  std::string name;
  std::string summary;               // one line for a list
  std::int64_t latent;               // L, unless configured
  std::vector<std::int64_t> hidden;  // widths of dense layers, encoder side, unless configured
  bool free_form;                    // takes other widths and activations
  /// Declares the parameters of a resolved configuration; `mean` [X] is the training mean. Throws
  /// Error for examples of a shape that the networks cannot take.
  Coders (*build)(const VaeConfig& config, const Tensor& mean, ParameterStore& store);
};

/// All architectures: an explicit list.
const std::vector<Architecture>& architectures();

/// The architecture of that name. Throws Error listing the names there are.
const Architecture& architecture(const std::string& name);

/// The configuration with the architecture's own latent dimensions and widths where none are given.
/// Throws Error for an unknown architecture, an example without features, sizes below 1, codes of
/// more than 2^20 numbers, a prior that does not go with the posterior, and widths or an activation
/// given to an architecture that has its own.
VaeConfig resolve(const VaeConfig& config);

}  // namespace nelbo
