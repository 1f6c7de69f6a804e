#include "objectives/estimators/estimator.hpp"

#include <utility>

#include "autodiff/error.hpp"

namespace nelbo {

Estimator::Estimator(Properties properties, Function function)
    : rule_(std::make_shared<const WeightedRule>(std::move(properties), std::move(function))) {}

Estimator::Baseline Estimator::baseline() const {
  return weighted() ? weighted()->properties().baseline : Baseline::none;
}

void Estimator::check(const Bound& bound) const {
  const std::string why = rule_->undefined(bound);
  if (!why.empty()) throw Error(text() + " is not defined for " + bound.text() + ": " + why);
}

}  // namespace nelbo
