#pragma once
#include <functional>
#include <memory>
#include <string>

#include "models/likelihoods/likelihood.hpp"
#include "models/registry.hpp"

namespace nelbo {

/// A name of likelihoods.
struct LikelihoodWord {
  std::string name;
  std::string usage;    // "normal[:VAR|:learned]"
  std::string summary;  // one line for --help
  std::function<std::shared_ptr<const Likelihood>(const Choice&)> make;
};

/// Those of docs/likelihoods.md, and a program's own.
Registry<LikelihoodWord>& likelihoods();

/// Reads "bernoulli", "normal" (variance 1: Zheng eq. (2)), "normal:0.25", "discretised_logistic:5". Throws
/// Error naming what was given and what is known.
std::shared_ptr<const Likelihood> parse_likelihood(const std::string& text);

}  // namespace nelbo
