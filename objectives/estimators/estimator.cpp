#include "objectives/estimators/estimator.hpp"

#include <algorithm>
#include <utility>

#include "autodiff/error.hpp"

namespace nelbo {

Estimator::Estimator(Properties properties, Function function)
    : node_(std::make_shared<const Node>(Node{std::move(properties), std::move(function)})) {}

void Estimator::check(const Bound& bound) const {
  const std::string why = node_->properties.undefined(bound);
  if (!why.empty()) throw Error(text() + " is not defined for " + bound.text() + ": " + why);
}

void Estimator::operator()(const Datum& datum, Weights& weights) const {
  weights.value = datum.value;
  std::copy(datum.a.begin(), datum.a.end(), weights.decoder.begin());
  std::fill(weights.path.begin(), weights.path.end(), 0.0);
  std::fill(weights.score.begin(), weights.score.end(), 0.0);
  node_->function(datum, weights);
  if (node_->properties.score == Score::total) {
    std::transform(weights.path.begin(), weights.path.end(), weights.score.begin(),
                   [](double path) { return -path; });
  }
}

}  // namespace nelbo
