#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "lab/training/rate_text.hpp"

namespace nelbo {

/// Every setting that the result of a training run depends on. Threads, the run folder and what is
/// shown are not among them: they change no bit of a checkpoint.
struct TrainConfig {
  // What is learned from.
  std::string data = "sprites";   // SPEC; a path is absolute once the configuration is resolved
  std::string data_hash;          // of the content; empty until the data are loaded
  double holdout = 0.1;           // share held out where the data bring no test split
  double validation = 0;          // share of the training examples that chooses the best
                                  // checkpoint; 0: the data's own split `valid`, or none
  std::string binarize = "none";  // none, threshold, fixed or dynamic
  std::string scale;      // none, 255, standard or a number; empty: as the data suggest, until
                          // they are loaded
  std::string label;      // what is no feature: a name, or none; empty: what is clearly labels
  std::string condition;  // labels, factors, or names of columns or arrays; empty: none
  std::int64_t labels_used =
      0;                // of labels that are inferred how many are told; 0: none is inferred
  std::string missing;  // zeros or mask: entries may be missing, and what the encoder sees of them
  std::int64_t subset = 0;    // training examples that are kept; 0: all
  std::string crop, resize;   // "28x28"; empty: not at all
  std::int64_t channels = 0;  // 1 or 3; 0: those that there are
  bool invert = false;
  // What the model must know of the data when they are not at hand; resolved with them.
  std::optional<double> invert_from;    // x is seen as this less x, where inverted
  std::vector<std::int64_t> example;    // shape of one example
  std::vector<double> scale_mean;       // [X] of the training data, of scale standard
  std::vector<double> scale_deviation;  // likewise
  std::vector<std::int64_t>
      condition_classes;                    // of labels those that there are, of factors how many
  std::vector<std::int64_t> labels_told;    // rows of the training data whose label is told
  std::vector<double> condition_mean;       // of columns, of the training data
  std::vector<double> condition_deviation;  // likewise
  std::pair<double, double> picture_range{0, 1};  // what is black and white in pictures
  // What learns.
  std::string model = "mlp";         // an architecture's name, or a file that describes networks
  std::string network;               // what that file says (network_file.hpp); resolved
  std::int64_t latent = 0;           // latent variables; 0: the architecture's own
  std::vector<std::int64_t> hidden;  // widths; empty: the architecture's own
  bool linear = false;               // hidden is none: no hidden layers
  std::string activation;            // of the hidden layers; empty: the architecture's own
  bool layer_norm = false;           // before the activation
  bool gated = false;                // hidden layers times a gate
  double dropout = 0;                // the rate at which hidden units are dropped in training
  bool centre = false;               // the encoder sees x less the mean of the training data
  std::vector<double> centre_mean;   // [X], which it was; resolved with the data
  std::string likelihood = "bernoulli";  // a word of likelihoods()
  std::string
      prior;  // normal, normal:full, mixture:K, vamp:K, laplace, uniform, bernoulli or conditional; empty:
              // normal, or uniform where the posterior is discrete
  std::string posterior = "diagonal";  // full, bernoulli, categorical:K
  // How.
  std::string objective = "elbo";     // an expression
  std::string estimator = "reparam";  // or phi=NAME,theta=NAME
  std::string optimizer = "adam";     // adam, adamw or sgd, or phi=NAME,theta=NAME
  RateText lr = 1e-3;                 // a number, a schedule, or phi=RATE,theta=RATE
  // Numbers of the optimisers; none: the optimiser's own.
  std::optional<double> beta1, beta2;   // adam, adamw: decay of the moments
  std::optional<double> epsilon;        // adam, adamw
  std::optional<double> second_moment;  // adam, adamw: at the start
  std::optional<double> momentum;       // sgd
  std::optional<double> weight_decay;   // adamw
  double clip = 0;                      // largest norm of the model's gradient; 0: any
  bool normalise_gradients = false;     // each parameter's to norm 1
  double ema = 0;                       // decay of the parameters' moving average; 0: none
  std::int64_t batch = 100;
  std::int64_t parts =
      0;  // that every batch is computed in, by as many processes at most; 0: as many as
          // there are processes, until the run begins
  std::string init_from;  // a checkpoint whose parameters are the first ones; empty: none
  // How long, counted from the run's very beginning; exactly one is set once the configuration is
  // resolved.
  std::optional<std::uint64_t> epochs;
  std::optional<std::uint64_t> steps;
  // Early stopping, in epochs: how many without a better objective on the validation examples end the
  // run, 0 for never; those up to patience_from do not count.
  std::int64_t patience = 0;
  std::int64_t patience_from = 0;
  std::uint64_t seed = 0;  // below 2^63, as TOML's integers
};

/// Sets what the TOML text names and leaves the rest. `origin` (a file or preset) begins every
/// message. Throws SettingError for wrong TOML, unknown keys (with the nearest known one) and
/// values of a wrong type.
void apply_toml(TrainConfig& config, const std::string& text, const std::string& origin);

/// The configuration as TOML; apply_toml gives it back exactly. What a model of its own kind does
/// not take (Architecture::takes) is left out.
std::string to_toml(const TrainConfig& config);

/// Changes a setting as a flag of its name does: "500,200" of a list. Throws SettingError for a text that
/// is no value of it, or out of its range.
void apply_setting(TrainConfig& config, const std::string& name, const std::string& text);

/// Whether a run that exists may go on with another value of a setting: lr, batch and objective,
/// whose weights alone may be others.
bool may_change(const std::string& setting);

/// A setting that was changed, as texts.
struct Change {
  std::string setting;
  std::string from, to;
  bool number = false;  // whether one of them is a number
};

/// Changes a setting that may change: "lr=1e-4". Throws SettingError for any other, and for a value
/// of a wrong type.
Change apply_change(TrainConfig& config, const std::string& change);

/// The part of it that a trained model needs, whatever its data and objective: model, network, example, scale,
/// latent, hidden and what else its networks are, likelihood, prior, posterior, picture_range and what is
/// done to the data (crop, resize, channels, invert, invert_from) and what it is conditioned on, as to_toml writes them. What a checkpoint
/// names its model by.
std::string model_toml(const TrainConfig& config);

/// "mlp-mnist-elbo-s0": model, data, objective, an estimator other than reparam, and seed in
/// characters that every file system takes.
std::string run_name(const TrainConfig& config);

}  // namespace nelbo
