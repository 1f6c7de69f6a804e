#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "autodiff/parameters.hpp"
#include "models/architectures/coders.hpp"
#include "models/data_moments.hpp"
#include "models/model.hpp"
#include "models/registry.hpp"
#include "models/vae_config.hpp"

namespace nelbo {

/// A named model: a pair of networks about a posterior, prior and likelihood of choice, or a model of
/// any other kind.
struct Architecture {
  std::string name;
  std::string summary;                    // one line for --help
  std::int64_t latent = 10;               // L, unless configured
  std::vector<std::int64_t> hidden = {};  // widths of dense layers, encoder side, unless configured
  bool free_form = false;                 // takes other widths, none at all, and activations
  /// Declares the networks of a resolved configuration; the moments of the training data are [X]. Throws
  /// Error for examples of a shape that they cannot take.
  std::function<Coders(const VaeConfig& config, const DataMoments& moments, ParameterStore& store)>
      coders = {};
  /// Makes a model that is no pair of networks; `coders` is then empty. Its moments are [X]. It declares
  /// its parameters.
  std::function<std::unique_ptr<Model>(const VaeConfig& config, const DataMoments& moments,
                                       ParameterStore& store)>
      model = {};
  /// What it takes of the settings that not every model has: of condition, missing, layer_norm, gated, dropout and centre,
  /// and a model of its own kind also of hidden, activation, likelihood, prior and posterior. The
  /// others are refused, but for their simplest values, and are not shown.
  std::vector<std::string> takes = {"likelihood"};

  /// Whether a setting of a model means something for this one.
  bool has(const std::string& setting) const;
};

/// mlp, burda, burda2, ladder2, chen_mlp, conv28, resnet32, conv64 and what a file describes, and a
/// program's own.
Registry<Architecture>& architectures();

/// The architecture of networks that VaeConfig::network describes.
inline constexpr const char* described_in_file = "FILE.toml";
/// The architecture of a model's name: itself, or described_in_file for that of a file, "net.toml".
std::string architecture_of(const std::string& model);

/// Why a prior does not go with the codes of a posterior; empty where it does.
std::string unfit(const PriorFamily& prior, const PosteriorFamily& posterior,
                  const CodeSpace& codes);

/// Throws SettingError for a setting that the architecture does not take, and for settings of hidden
/// layers that contradict each other. Throws Error for an unknown architecture.
void check_taken(const VaeConfig& config);

/// The configuration with the architecture's own latent dimensions and widths, and the simplest
/// prior, where none are given. Throws as check_taken does, and Error for an example without features,
/// sizes below 1, codes of more than 2^20 numbers, more than 2^24 outputs of the decoder, a prior that does
/// not go with the posterior, and a mean that is not of X finite numbers.
VaeConfig resolve(const VaeConfig& config);

}  // namespace nelbo
