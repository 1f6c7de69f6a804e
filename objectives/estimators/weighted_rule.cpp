#include "objectives/estimators/weighted_rule.hpp"

#include <algorithm>
#include <utility>

namespace nelbo {
namespace {

void own_weights(const WeightedRule::Datum& datum, WeightedRule::Weights& weights) {
  weights.value = datum.value;
  std::copy(datum.a.begin(), datum.a.end(), weights.decoder.begin());
  std::fill(weights.path.begin(), weights.path.end(), 0.0);
  std::fill(weights.score.begin(), weights.score.end(), 0.0);
}

}  // namespace

WeightedRule::WeightedRule(Properties properties, Function function)
    : GradientRule({properties.text, properties.formula, properties.meaning, properties.source}),
      properties_(std::move(properties)),
      function_(std::move(function)) {}

void WeightedRule::operator()(const Datum& datum, Weights& weights) const {
  own_weights(datum, weights);
  function_(datum, weights);
  if (properties_.score != Score::total) return;
  std::transform(weights.path.begin(), weights.path.end(), weights.score.begin(),
                 [](double path) { return -path; });
}

void weigh(const WeightedRule* phi, const WeightedRule* theta, const WeightedRule::Datum& datum,
           WeightedRule::Weights& weights) {
  phi ? (*phi)(datum, weights) : own_weights(datum, weights);
  const auto other = [](const WeightedRule* rule) {
    return rule && rule->properties().other_decoder;
  };
  if (theta == nullptr || !(other(phi) || other(theta))) return;
  // The decoder's weights and the value are theta's, or a.
  const std::size_t n = datum.a.size();
  WeightedRule::Weights of_theta{datum.value, weights.decoder, weights.scratch.subspan(4 * n, n),
                                 weights.scratch.subspan(5 * n, n), weights.scratch.first(4 * n)};
  (*theta)(datum, of_theta);
  weights.value = of_theta.value;
}

std::string WeightedRule::unfit(const CodeSpace& codes) const {
  const bool can = codes.differentiable() || properties_.path == Path::none;
  return can ? "" : text() + ": " + no_rsample(codes.text());
}

std::string WeightedRule::uncoupled(const Bound& bound, Coupling coupling) const {
  if (properties_.independent) {
    return text() + " compares samples that must be independent; use " + to_string(coupling) +
           " noise with reparam";
  }
  if (properties_.path == Path::decoder && !bias(bound).empty()) {
    return to_string(coupling) + " noise goes with " + text() + " for the ELBO only";
  }
  return "";
}

}  // namespace nelbo
