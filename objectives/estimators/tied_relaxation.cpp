#include "objectives/estimators/tied_relaxation.hpp"

#include "autodiff/error.hpp"
#include "autodiff/ops/elementwise_ops.hpp"
#include "autodiff/ops/reduce_ops.hpp"
#include "autodiff/ops/shape_ops.hpp"

namespace nelbo::estimators {

TiedRelaxation::TiedRelaxation(const std::string& rule, const Posterior& q, Var noise)
    : shape_(noise.shape()) {
  Var parameters;
  if (const Bernoulli* const binary = q.binary()) {
    parameters = binary->logits;
    scores_ = stop(parameters + (log1p(-noise) - log(noise)));
    const Var own = where(greater(scores_, 0.0), parameters, -parameters);
    slope_ = stop(1.0 + expm1(-abs(scores_)) * sigmoid(own));
  } else if (const OneHotCategorical* const one_hot = q.categorical()) {
    classes_ = one_hot->classes().classes();
    parameters = one_hot->classes().log_probabilities();
    scores_ = stop(parameters - log(-log(in_rows(noise))));
    slope_ = exp(scores_ - max(scores_, -1, Keep::yes));
    probabilities_ = stop(exp(parameters));
  } else {
    throw Error(rule + ": a " + q.family() + " posterior has no relaxed samples given a sample");
  }
  scores_ = scores_ + slope_ * (parameters - stop(parameters));
}

Var TiedRelaxation::codes(Var temperature) const { return relaxed(scores_, temperature); }

Var TiedRelaxation::moved(Var temperature, Var direction, double step) const {
  Var along = in_rows(direction);
  if (classes_ != 0) along = along - sum(along * probabilities_, -1, Keep::yes);
  return relaxed(stop(scores_) + slope_ * along * (step * stop(temperature)), temperature);
}

Var TiedRelaxation::in_rows(Var x) const {
  if (classes_ == 0) return x;
  return reshape(x, {shape_[0], shape_[1], shape_[2] / classes_, classes_});
}

Var TiedRelaxation::relaxed(Var scores, Var temperature) const {
  const Var cooled = scores / temperature;
  return classes_ == 0 ? sigmoid(cooled) : reshape(softmax(cooled, -1), shape_);
}

}  // namespace nelbo::estimators
