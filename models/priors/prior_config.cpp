#include "models/priors/prior_config.hpp"

#include <charconv>

#include "autodiff/error.hpp"

namespace nelbo {
namespace {

using Kind = PriorConfig::Kind;

constexpr std::int64_t most_components = 4096;

std::int64_t parse_components(const std::string& text, const std::string& number) {
  std::int64_t components = 0;
  const char* end = number.data() + number.size();
  const auto [stop, failure] = std::from_chars(number.data(), end, components);
  if (failure != std::errc() || stop != end || components < 1 || components > most_components) {
    throw Error("prior '" + text + "': the number of components '" + number + "' must be 1 to " +
                std::to_string(most_components));
  }
  return components;
}

}  // namespace

PriorConfig parse_prior(const std::string& text) {
  if (text == "normal") return {Kind::normal};
  if (text == "normal:full") return {Kind::normal_full};
  if (text == "laplace") return {Kind::laplace};
  if (text == "uniform") return {Kind::uniform};
  const auto colon = text.find(':');
  const std::string name = text.substr(0, colon);
  if (name == "mixture" || name == "vamp") {
    const std::string number = colon == std::string::npos ? "" : text.substr(colon + 1);
    return {name == "vamp" ? Kind::vamp : Kind::mixture, parse_components(text, number)};
  }
  throw Error(
      "prior '" + text +
      "' is unknown; there are normal, normal:full, mixture:K, vamp:K, laplace and uniform");
}

std::string to_string(const PriorConfig& prior) {
  switch (prior.kind) {
    case Kind::normal:
      return "normal";
    case Kind::normal_full:
      return "normal:full";
    case Kind::normal_given:
      return "normal:given";
    case Kind::mixture:
      return "mixture:" + std::to_string(prior.components);
    case Kind::vamp:
      return "vamp:" + std::to_string(prior.components);
    case Kind::laplace:
      return "laplace";
    case Kind::uniform:
      break;
  }
  return "uniform";
}

PriorConfig simplest_prior(const PosteriorConfig& posterior) {
  return {posterior.discrete() ? Kind::uniform : Kind::normal};
}

void check_prior_for(const PriorConfig& prior, const PosteriorConfig& posterior) {
  if (posterior.discrete() == (prior.kind == Kind::uniform)) return;
  const std::string which = "prior " + to_string(prior), its = to_string(posterior);
  if (posterior.discrete()) {
    throw Error(which + " is a density of real codes, and those of the posterior " + its +
                " are zeros and ones; choose the prior uniform");
  }
  throw Error(which + " is over the values of a discrete posterior, bernoulli or categorical:K; " +
              "with the posterior " + its + " choose another");
}

bool has_exact_div(const PriorConfig& prior) {
  return prior.kind == Kind::normal || prior.kind == Kind::normal_full ||
         prior.kind == Kind::normal_given || prior.kind == Kind::uniform;
}

}  // namespace nelbo
