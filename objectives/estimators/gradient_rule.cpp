#include "objectives/estimators/gradient_rule.hpp"

#include "autodiff/error.hpp"

namespace nelbo {

Var GradientRule::expectation(Draw&, const PerCode&) const {
  throw Error(text() + " has no gradient of means over samples");
}

std::string for_smooth_codes(const std::string& text, const CodeSpace& codes) {
  if (codes.differentiable()) return "";
  if (codes.labels == 0) return text + ": " + no_rsample(codes.text());
  return text +
         ": among the codes is a label, through which no gradient passes; use enumeration, which "
         "sums over it, or an estimator that samples it (score, rloo, vimco, ...)";
}

std::string for_discrete_codes(const std::string& text, const CodeSpace& codes,
                               const std::string& instead) {
  if (codes.labels > 0) {
    return text +
           " is for codes that are discrete throughout, and here they are a label and real "
           "numbers; use enumeration, or score, rloo, vimco";
  }
  return text +
         " is for discrete codes; samples of continuous ones are differentiable as they are "
         "(use " +
         instead + ")";
}

}  // namespace nelbo
