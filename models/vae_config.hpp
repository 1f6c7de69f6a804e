#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "autodiff/activation.hpp"
#include "autodiff/tensor.hpp"
#include "models/likelihoods/likelihood_words.hpp"
#include "models/posteriors/posterior_family.hpp"
#include "models/priors/prior_family.hpp"

namespace nelbo {

/// What a model is built from.
struct VaeConfig {
  std::string architecture = "mlp";  // a name of architectures()
  Shape example;                     // of one datum: [X], [H, W] or [H, W, C]
  std::int64_t latent = 0;           // variables L; 0: the architecture's own
  std::vector<std::int64_t> hidden;  // widths of the encoder, which the decoder mirrors; empty: the
                                     // architecture's own. Only mlp takes others
  std::optional<Activation> activation;  // of the hidden layers; none: the architecture's own. Only
                                         // mlp takes others
  std::shared_ptr<const Likelihood> likelihood = parse_likelihood("bernoulli");
  PosteriorFamily posterior = parse_posterior("diagonal");
  std::optional<PriorFamily> prior;  // none: the simplest for the posterior's codes
  /// ln of the volume, in the units of the data, of a unit cube of x as the model sees it: what
  /// make_model takes off log P(x|z), so that densities are in nats of the data's units.
  double log_volume = 0;

  CodeSpace codes() const { return posterior.codes(latent); }
  /// D, the numbers of a code z: L, or L K of one-hot rows.
  std::int64_t dimensions() const { return codes().dimensions(); }
};

}  // namespace nelbo
