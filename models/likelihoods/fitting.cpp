#include "models/likelihoods/fitting.hpp"

#include <algorithm>
#include <cmath>

#include "autodiff/error.hpp"
#include "models/likelihoods/likelihood_words.hpp"

namespace nelbo {
namespace {

constexpr double most_squared = 1e18;  // of its square, and of sums of some, float32 has room

/// Whether the likelihood is a density of all real numbers: they all square distances.
bool squares(const Likelihood& of) {
  return !of.is_mass() && std::isinf(of.support().least) && std::isinf(of.support().greatest);
}

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
  if (likelihood == nullptr) return "";
  if (squares(*likelihood) && std::max(-extent.least, extent.greatest) > most_squared) {
    return "the likelihood " + likelihood->text() + " squares numbers, and those " + extent.text() +
           " have squares beyond float32; scale the data";
  }
  if (likelihood->support().holds(extent)) return "";
  const std::string others = fitting(extent);
  return "the likelihood " + likelihood->text() + " is of " + likelihood->support().text() +
         (others.empty() ? ", and no other would fit" : ", and " + others + " would fit");
}

}  // namespace nelbo
