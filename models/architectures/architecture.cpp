#include "models/architectures/architecture.hpp"

#include <algorithm>

#include "autodiff/setting_error.hpp"
#include "models/architectures/conv64.hpp"
#include "models/architectures/dense.hpp"

namespace nelbo {

Registry<Architecture>& architectures() {
  static Registry<Architecture> all(
      "model",
      {{"mlp", "X-H-2L / L-H-X, widths H as given (500), tanh", 20, {500}, true, mlp_coders},
       {"burda", "X-200-200-2L / L-200-200-X, tanh; L = 50", 50, {200, 200}, false, mlp_coders},
       {"chen_mlp",
        "X-1200-1200-2L relu / L-1200-1200-1200-X tanh; L = 10",
        10,
        {1200, 1200},
        false,
        chen_mlp_coders},
       {"conv64",
        "64x64 images: 4 convolutions and 1 dense layer each way, relu; L = 10",
        10,
        {},
        false,
        conv64_coders}});
  return all;
}

bool Architecture::has(const std::string& setting) const {
  return !model || std::find(takes.begin(), takes.end(), setting) != takes.end();
}

namespace {

/// Throws SettingError where a model of its own kind is given what it does not take.
void check_taken(const Architecture& own, const VaeConfig& config) {
  const auto check = [&](const char* setting, const std::string& given, const char* simplest) {
    if (own.has(setting) || given == simplest) return;
    throw SettingError(setting, "'" + given + "' is not for the model " + own.name +
                                    ", which takes none; leave it out");
  };
  check("likelihood", config.likelihood->text(), "bernoulli");
  check("posterior", config.posterior.text, "diagonal");
  if (config.prior) check("prior", config.prior->text, "normal");
}

}  // namespace

VaeConfig resolve(const VaeConfig& config) {
  const Architecture& own = architectures().at(config.architecture);
  check_taken(own, config);
  VaeConfig resolved = config;
  if (config.example.size() < 1) {
    throw Error("model " + own.name + ": examples of shape " + config.example.text() +
                " have no features");
  }
  if (config.latent < 0) {
    throw Error("model " + own.name + ": " + std::to_string(config.latent) +
                " latent dimensions; there must be at least 1");
  }
  if (config.latent == 0) resolved.latent = own.latent;
  const CodeSpace codes = config.posterior.codes(resolved.latent);
  if (!resolved.prior) resolved.prior = simplest_prior(codes);
  if (const std::string why = resolved.prior->unfit(codes); !why.empty()) throw Error(why);
  constexpr std::int64_t most_dimensions = std::int64_t{1} << 20;
  if (resolved.latent > most_dimensions / codes.width()) {
    throw Error("model " + own.name + ": " + std::to_string(resolved.latent) +
                " latent variables, posterior " + config.posterior.text +
                ", make codes of more than " + std::to_string(most_dimensions) + " numbers");
  }
  if (config.hidden.empty()) resolved.hidden = own.hidden;
  for (const std::int64_t width : resolved.hidden) {
    if (width < 1) {
      throw Error("model " + own.name + ": a hidden layer of width " + std::to_string(width) +
                  "; it must be at least 1");
    }
  }
  if (!own.free_form && (resolved.hidden != own.hidden || config.activation)) {
    throw Error("model " + own.name +
                ": its widths and activations are fixed; choose mlp to give others");
  }
  return resolved;
}

}  // namespace nelbo
