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

std::string for_discrete_codes(const std::string& text, const std::string& instead) {
  return text +
         " is for discrete codes; a normal posterior's samples are differentiable as they are "
         "(use " +
         instead + ")";
}

}  // namespace nelbo
