#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "autodiff/activation.hpp"
#include "autodiff/tensor.hpp"
#include "models/architectures/network_description.hpp"
#include "models/likelihoods/likelihood_words.hpp"
#include "models/posteriors/posterior_family.hpp"
#include "models/priors/prior_family.hpp"

namespace nelbo {

/// What a model is built from.
struct VaeConfig {
  std::string architecture = "mlp";  // a name of architectures()
  /// The networks of the architecture described_in_file, and of no other.
  std::shared_ptr<const NetworkDescription> network = {};
  Shape example;                     // of one datum: [X], [H, W] or [H, W, C]
  std::int64_t latent = 0;           // variables L; 0: the architecture's own
  std::vector<std::int64_t> hidden;  // widths of the encoder, which the decoder mirrors; empty: the
                                     // architecture's own. Only mlp takes others
  // More of the hidden layers and the input, of mlp; other architectures say what of it they take.
  bool linear = false;  // no hidden layers: encoder and decoder are one linear layer each
  std::optional<Activation> activation;  // none: the architecture's own
  bool layer_norm = false;               // before the activation
  bool gated = false;                    // times a sigmoid of a linear map of the layer's input
  double dropout = 0;                    // the rate at which units are dropped in training
  bool centre = false;                   // the encoder sees x less the training mean
  std::vector<double> centre_mean = {};  // [X], which it was; empty: that of the moments
  std::shared_ptr<const Likelihood> likelihood = parse_likelihood("bernoulli");
  PosteriorFamily posterior = parse_posterior("diagonal");
  std::optional<PriorFamily> prior;  // none: the simplest for the posterior's codes
  std::int64_t conditions =
      0;  // C, numbers of a condition that encoder, decoder and prior are shown
  /// Whether the condition is a label that may be unknown, and is inferred: semi_supervised.hpp.
  bool semi_supervised = false;
  /// What the encoder sees where entries of x are missing (NaN): Missing::none for data that are whole.
  enum class Missing {
    none,
    zeros,  // 0
    mask    // 0, and behind x which entries are observed: X numbers, 1 or 0
  };
  Missing missing = Missing::none;
  /// Of data with missing entries, in the place of log_volume: its logarithm along every feature, [X].
  std::vector<double> log_deviations = {};
  /// ln of the volume, in the units of the data, of a unit cube of x as the model sees it: what
  /// make_model takes off log P(x|z), so that densities are in nats of the data's units.
  double log_volume = 0;

  /// The numbers of a datum that the encoder is shown: x, which of it is observed, the condition.
  std::int64_t encoder_inputs() const {
    return example.size() * (missing == Missing::mask ? 2 : 1) + conditions;
  }
  CodeSpace codes() const { return posterior.codes(latent); }
  /// D, the numbers of a code z: L, or L K of one-hot rows.
  std::int64_t dimensions() const { return codes().dimensions(); }
};

}  // namespace nelbo
