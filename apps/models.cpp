#include <algorithm>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "apps/cli/commands.hpp"
#include "apps/cli/print_json.hpp"
#include "apps/exit_code.hpp"
#include "models/architectures/architecture.hpp"
#include "models/likelihoods/likelihood_words.hpp"
#include "models/posteriors/posterior_family.hpp"
#include "models/priors/prior_family.hpp"

namespace nelbo {
namespace {

using Json = nlohmann::ordered_json;

/// How a word is written: "mixture:K"; an architecture takes no argument.
const std::string& usage_of(const Architecture& one) { return one.name; }
template <class Word>
const std::string& usage_of(const Word& one) {
  return one.usage;
}

Json to_json(const Architecture& one) {
  Json settings = Json::array();
  for (const char* setting :
       {"hidden", "activation", "layer_norm", "gated", "dropout", "centre", "condition",
        "labels_used", "missing", "posterior", "prior", "likelihood"}) {
    // Every pair of networks has widths; not all take others.
    const bool fixed = setting == std::string("hidden") && !one.model && !one.free_form;
    if (one.has(setting) && !fixed) settings.push_back(setting);
  }
  return {{"name", one.name},     {"usage", one.name},    {"summary", one.summary},
          {"latent", one.latent}, {"hidden", one.hidden}, {"takes", settings}};
}
template <class Word>
Json to_json(const Word& one) {
  return {{"name", one.name}, {"usage", one.usage}, {"summary", one.summary}};
}

template <class Word>
Json all_json(const Registry<Word>& words) {
  Json all = Json::array();
  for (const Word& one : words.all()) {
    all.push_back(to_json(one));
    all.back()["own"] = words.own(one.name);
  }
  return all;
}

/// A line of each word: how it is written, and what it is.
template <class Word>
void print_all(const std::string& title, const Registry<Word>& words) {
  std::cout << title << "\n";
  std::size_t widest = 0;
  for (const Word& one : words.all()) widest = std::max(widest, usage_of(one).size());
  for (const Word& one : words.all()) {
    const std::string& usage = usage_of(one);
    std::cout << "  " << usage << std::string(widest + 2 - usage.size(), ' ') << one.summary
              << "\n";
  }
}

int list_models(bool json) {
  if (json) {
    print_json({{"models", all_json(architectures())},
                {"posteriors", all_json(posteriors())},
                {"priors", all_json(priors())},
                {"likelihoods", all_json(likelihoods())}});
    return exit_done;
  }
  print_all("Models, --model (encoder / decoder, by the widths of their layers: data X, latent L)",
            architectures());
  print_all("\nPosteriors Q(Z|x), --posterior", posteriors());
  print_all("\nPriors P0(Z), --prior", priors());
  print_all("\nLikelihoods P(X|z), --likelihood", likelihoods());
  return exit_done;
}

constexpr const char* models_footer =
    R"help(JSON: {"models": [{"name", "usage", "summary", "latent", "hidden", "takes", "own"}],
"posteriors", "priors", "likelihoods": [{"name", "usage", "summary", "own"}]}; latent and
hidden are what a model has of itself, takes the flags that it heeds, and own says whether a
program brought the word along.

Examples:
  nelbo models
  nelbo models --json)help";

Action declare_models(CommandLine& command) {
  auto json = std::make_shared<bool>(false);
  command.flag("--json", *json, "print the lists as one JSON object on stdout");
  command.footer(models_footer);
  return [json] { return list_models(*json); };
}

}  // namespace

Command models_command() {
  return {"models", "List models, posteriors, priors and likelihoods", declare_models};
}

}  // namespace nelbo
