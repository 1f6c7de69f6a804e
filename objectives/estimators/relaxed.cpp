#include "objectives/estimators/relaxed.hpp"

#include <algorithm>

#include "autodiff/ops/elementwise_ops.hpp"
#include "autodiff/ops/shape_ops.hpp"
#include "objectives/bounds/arguments.hpp"
#include "objectives/bounds/bound_op.hpp"
#include "objectives/estimators/estimators.hpp"

namespace nelbo::estimators {
namespace {

std::string with_temperature(const char* name, double temperature) {
  // Hotter than this all codes are alike, colder all derivatives overflow.
  return bounds::Arguments(name).real("temperature", temperature, 1e-3, 1e3).text();
}

}  // namespace

Estimator gumbel_softmax(double temperature) {
  return Estimator({.text = with_temperature("gumbel_softmax", temperature),
                    .formula = "grad L(f(z~)), z~ relaxed codes",
                    .meaning = "derivative of the bound at relaxed codes",
                    .source = "Jang et al. (2017); Maddison et al. (2017)",
                    .codes = Estimator::Codes::relaxed,
                    .temperature = temperature,
                    .independent = false,
                    .bias = [](const Bound&) -> std::string {
                      return "differentiates the bound of relaxed codes, which is another one";
                    }},
                   [](const Estimator::Datum&, Estimator::Weights&) {});
}

Estimator straight_through(double temperature) {
  return Estimator({.text = with_temperature("straight_through", temperature),
                    .formula = "path a_s, score -a_s, dz := dz~ of relaxed codes z~",
                    .meaning = "relaxed codes in place of the derivative of the samples",
                    .source = "Bengio et al. (2013); Jang et al. (2017)",
                    .path = Estimator::Path::decoder,
                    .score = Estimator::Score::total,
                    .codes = Estimator::Codes::straight_through,
                    .temperature = temperature,
                    .independent = false,
                    .bias = [](const Bound&) -> std::string {
                      return "takes the derivative of relaxed codes for that of a step";
                    }},
                   [](const Estimator::Datum& datum, Estimator::Weights& weights) {
                     std::copy(datum.a.begin(), datum.a.end(), weights.path.begin());
                   });
}

Var relaxed_bound(const Bound& bound, const Posterior& q, Var noise, double temperature,
                  const LogJoint& log_joint) {
  const Var z = q.relaxed_sample(noise, temperature);
  return bound_value(bound, log_joint(z) - q.log_prob(z));
}

PosteriorSample straight_through_sample(const Posterior& q, Var noise, double temperature) {
  const Var z = nelbo::straight_through(q.draw(noise).z, q.relaxed_sample(noise, temperature));
  return {z, q.log_prob(z)};
}

}  // namespace nelbo::estimators
