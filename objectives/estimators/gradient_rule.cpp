#include "objectives/estimators/gradient_rule.hpp"

#include "autodiff/error.hpp"

namespace nelbo {

Var GradientRule::expectation(Draw&, const PerCode&) const {
  throw Error(text() + " has no gradient of means over samples");
}

std::string for_discrete_codes(const std::string& text, const std::string& instead) {
  return text +
         " is for discrete codes; samples of continuous ones are differentiable as they are "
         "(use " +
         instead + ")";
}

}  // namespace nelbo
