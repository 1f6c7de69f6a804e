#include "models/likelihoods/fitting.hpp"

#include "autodiff/error.hpp"
#include "models/likelihoods/likelihood_words.hpp"

namespace nelbo {
namespace {

/// The usages of the likelihoods that have data of this extent: "normal[:VAR|:learned]". Of a word
/// that needs an argument nothing is known.
std::string fitting(const Extent& extent) {
  std::string usages;
  for (const LikelihoodWord& word : likelihoods().all()) {
    try {
      if (!parse_likelihood(word.name)->support().holds(extent)) continue;
    } catch (const Error&) {
      continue;
    }
    usages += (usages.empty() ? "" : " or ") + word.usage;
  }
  return usages;
}

}  // namespace

std::string unfit(const Likelihood* likelihood, const Extent& extent) {
  if (likelihood == nullptr || likelihood->support().holds(extent)) return "";
  const std::string others = fitting(extent);
  return "the likelihood " + likelihood->text() + " is of " + likelihood->support().text() +
         (others.empty() ? ", and no other would fit" : ", and " + others + " would fit");
}

}  // namespace nelbo
