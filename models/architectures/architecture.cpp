#include "models/architectures/architecture.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "autodiff/setting_error.hpp"
#include "models/architectures/burda2.hpp"
#include "models/architectures/conv28.hpp"
#include "models/architectures/conv64.hpp"
#include "models/architectures/dense.hpp"
#include "models/architectures/described.hpp"
#include "models/architectures/resnet32.hpp"

namespace nelbo {
namespace {

Coders file_coders(const VaeConfig& config, const DataMoments& moments, ParameterStore& store) {
  if (!config.network) throw SettingError("model", "the network of the file is not known");
  return described_coders(*config.network, config, moments, store);
}

}  // namespace

Registry<Architecture>& architectures() {
  static Registry<Architecture> all(
      "model", {{.name = "mlp",
                 .summary = "X-H-2L / L-H-X, widths H as given (500), tanh",
                 .latent = 20,
                 .hidden = {500},
                 .free_form = true,
                 .coders = mlp_coders,
                 .takes = {"likelihood", "condition", "missing", "layer_norm", "gated", "dropout",
                           "centre"}},
                {.name = "burda",
                 .summary = "X-200-200-2L / L-200-200-X, tanh; L = 50",
                 .latent = 50,
                 .hidden = {200, 200},
                 .coders = mlp_coders,
                 .takes = {"likelihood", "condition", "missing"}},
                {.name = "burda2",
                 .summary = "two stochastic layers: X-200-200-[100]-100-100-[50] and back, tanh",
                 .latent = 150,
                 .model = burda2},
                {.name = "ladder2",
                 .summary = "the same, z1 drawn given x and z2: top-down, as a ladder VAE does",
                 .latent = 150,
                 .model = ladder2},
                {.name = "chen_mlp",
                 .summary = "X-1200-1200-2L relu / L-1200-1200-1200-X tanh; L = 10",
                 .latent = 10,
                 .hidden = {1200, 1200},
                 .coders = chen_mlp_coders,
                 .takes = {"likelihood", "condition", "missing"}},
                {"conv28",
                 "28x28 images: 2 convolutions and 1 dense layer each way, relu; L = 20",
                 20,
                 {},
                 false,
                 conv28_coders},
                {"resnet32",
                 "32x32 images: 3 convolutions with residual blocks, 1 dense layer; L = 64",
                 64,
                 {},
                 false,
                 resnet32_coders},
                {"conv64",
                 "64x64 images: 4 convolutions and 1 dense layer each way, relu; L = 10",
                 10,
                 {},
                 false,
                 conv64_coders},
                {described_in_file,
                 "encoder and decoder as a list of layers (docs/networks.md); L = 20",
                 20,
                 {},
                 false,
                 file_coders}});
  return all;
}

std::string architecture_of(const std::string& model) {
  return model.ends_with(".toml") ? described_in_file : model;
}

bool Architecture::has(const std::string& setting) const {
  if (std::find(takes.begin(), takes.end(), setting) != takes.end()) return true;
  if (setting == "activation") return free_form;
  if (setting == "labels_used") return has("condition");
  const bool of_every_pair = setting == "hidden" || setting == "likelihood" || setting == "prior" ||
                             setting == "posterior";
  return !model && of_every_pair;
}

namespace {

/// Throws SettingError where a model of its own kind is given a word that it does not take.
void check_words(const Architecture& own, const VaeConfig& config) {
  const auto check = [&](const char* setting, const std::string& given, const char* simplest) {
    if (own.has(setting) || given == simplest) return;
    throw SettingError(setting, "'" + given + "' is not for the model " + own.name +
                                    ", which takes none; leave it out");
  };
  check("likelihood", config.likelihood->text(), "bernoulli");
  check("posterior", config.posterior.text, "diagonal");
  if (config.prior) check("prior", config.prior->text, "normal");
}

/// The same of what networks are made of.
void check_networks(const Architecture& own, const VaeConfig& config) {
  const bool others = config.linear || (!config.hidden.empty() && config.hidden != own.hidden);
  if (config.linear && !config.hidden.empty()) {
    throw SettingError("hidden", "has widths, and is said to be none");
  }
  if (!own.free_form && others) {
    throw SettingError("hidden", "the widths of " + own.name + " are fixed; choose mlp for others");
  }
  const std::pair<const char*, bool> given[] = {{"activation", config.activation.has_value()},
                                                {"layer_norm", config.layer_norm},
                                                {"gated", config.gated},
                                                {"dropout", config.dropout != 0},
                                                {"centre", config.centre}};
  for (const auto& [setting, is_given] : given) {
    if (is_given && !own.has(setting)) {
      throw SettingError(setting,
                         "is not for the model " + own.name + "; choose mlp, or leave it out");
    }
    const bool of_layers = setting != std::string("centre");
    if (is_given && of_layers && config.linear) {
      throw SettingError(setting, "is of hidden layers, and there are none; give hidden widths");
    }
  }
}

void check_centre(const VaeConfig& config) {
  const std::vector<double>& mean = config.centre_mean;
  const bool finite =
      std::all_of(mean.begin(), mean.end(), [](double x) { return std::isfinite(x); });
  if (mean.empty() || (finite && std::int64_t(mean.size()) == config.example.size())) return;
  throw SettingError("centre_mean", "must be " + std::to_string(config.example.size()) +
                                        " finite numbers, one for each feature");
}

/// Throws SettingError for a prior that does not go with a condition, or with none.
void check_condition(const VaeConfig& config) {
  if (config.prior->declare_conditional && config.conditions == 0) {
    throw SettingError(
        "prior",
        "'" + config.prior->text +
            "' is of a condition, and there is none; give one by the setting condition, or "
            "choose another prior");
  }
  if (config.prior->moves_encoder && config.conditions != 0) {
    throw SettingError("prior", "'" + config.prior->text +
                                    "' is made of posteriors Q(Z|x), and here they are of a "
                                    "condition too; choose another");
  }
}

}  // namespace

std::string unfit(const PriorFamily& prior, const PosteriorFamily& posterior,
                  const CodeSpace& codes) {
  if (std::string why = prior.unfit(codes); !why.empty()) return why;
  if (!prior.moves_encoder || posterior.normal) return "";
  return "'" + prior.text + "' is made of diagonal or full posteriors, and here it is " +
         posterior.text + "; choose the posterior diagonal, or another prior";
}

void check_taken(const VaeConfig& config) {
  const Architecture& own = architectures().at(config.architecture);
  if (config.missing != VaeConfig::Missing::none) {
    if (!own.has("missing")) {
      throw SettingError("missing", "is not for the model " + own.name + "; choose mlp");
    }
    if (config.centre) {
      throw SettingError("centre",
                         "is not for data with missing entries; give scale standard, "
                         "which makes 0 the mean");
    }
  }
  if (config.conditions != 0 && !own.has("condition")) {
    throw SettingError(config.semi_supervised ? "labels_used" : "condition",
                       "is not for the model " + own.name + "; choose mlp");
  }
  check_words(own, config);
  check_networks(own, config);
  if (!(config.dropout >= 0 && config.dropout < 1)) {
    throw SettingError("dropout", "must be at least 0 and below 1");
  }
}

VaeConfig resolve(const VaeConfig& config) {
  const Architecture& own = architectures().at(config.architecture);
  check_taken(config);
  VaeConfig resolved = config;
  if (config.example.size() < 1) {
    throw Error("model " + own.name + ": examples of shape " + config.example.text() +
                " have no features");
  }
  check_centre(config);
  if (config.latent < 0) {
    throw Error("model " + own.name + ": " + std::to_string(config.latent) +
                " latent dimensions; there must be at least 1");
  }
  const std::int64_t of_blocks = config.posterior.variables;
  if (of_blocks != 0 && config.latent != 0 && config.latent != of_blocks) {
    throw SettingError("latent", "is " + std::to_string(config.latent) + ", and the blocks of " +
                                     config.posterior.text + " have " + std::to_string(of_blocks) +
                                     " variables together; leave it out");
  }
  if (config.latent == 0) resolved.latent = of_blocks != 0 ? of_blocks : own.latent;
  const CodeSpace codes = config.posterior.codes(resolved.latent);
  if (!resolved.prior) resolved.prior = simplest_prior(codes);
  if (const std::string why = unfit(*resolved.prior, config.posterior, codes); !why.empty()) {
    throw SettingError("prior", why);
  }
  check_condition(resolved);
  constexpr std::int64_t most_dimensions = std::int64_t{1} << 20;
  if (resolved.latent > most_dimensions / codes.width() || codes.dimensions() > most_dimensions) {
    throw Error("model " + own.name + ": " + std::to_string(resolved.latent) +
                " latent variables, posterior " + config.posterior.text +
                ", make codes of more than " + std::to_string(most_dimensions) + " numbers");
  }
  constexpr std::int64_t most_outputs = std::int64_t{1} << 24;
  if (config.example.size() > most_outputs / config.likelihood->outputs()) {
    throw Error("model " + own.name + ": the likelihood " + config.likelihood->text() + " wants " +
                std::to_string(config.likelihood->outputs()) + " outputs for each of " +
                std::to_string(config.example.size()) + " features, more than " +
                std::to_string(most_outputs) + " in all; choose one with fewer");
  }
  if (config.hidden.empty() && !config.linear) resolved.hidden = own.hidden;
  for (const std::int64_t width : resolved.hidden) {
    if (width < 1) {
      throw Error("model " + own.name + ": a hidden layer of width " + std::to_string(width) +
                  "; it must be at least 1");
    }
  }
  return resolved;
}

}  // namespace nelbo
