#include "objectives/algebra/unfit.hpp"

#include "objectives/estimators/estimators.hpp"

namespace nelbo {

std::string unfit(const EstimatorChoice& estimators, const Term& objective, const Model& model) {
  const std::optional<Bound> alone = objective.bound();
  const bool plain = estimators.plain() && estimators.coupling == Coupling::independent;
  const bool one_sweep = alone && estimators.one_sweep(*alone);
  const bool of_samples = !model.codes().differentiable();
  int bounds = 0, means = 0;
  for (const Quantity& quantity : objective.quantities()) {
    means += of_samples && quantity.sampled;
    if (!quantity.bound) continue;
    ++bounds;
    std::string why = estimators.unfit(*quantity.bound, model, one_sweep);
    if (!plain && !why.empty()) return why;
  }
  if (std::string why = estimators.unfit(model.codes()); !why.empty()) return why;
  if (plain) return "";
  // What learns beside the model learns from a bound.
  const bool learns = !estimators.phi.rule().auxiliaries().empty();
  if (bounds > 0 || (means > 0 && !learns)) return "";
  return estimators.text() + " is for bounds on sampled log-weights, and '" + objective.text() +
         "' holds none: it is differentiated as it is (reparam); write elbo(mc) for the ELBO, or "
         "one of iw(m), mc(k, m), ...";
}

std::string unfit_of_batch(const EstimatorChoice& estimators, const Term& objective,
                           const Model& model) {
  const Likelihood* const likelihood = model.likelihood();
  if (likelihood == nullptr || !likelihood->of_batch()) return "";
  const std::string name = likelihood->text();
  const std::string beginning =
      "'" + name +
      "' has a variance of the whole batch in training, and no weights of single data: ";
  for (const Quantity& quantity : objective.quantities()) {
    if (!quantity.bound || quantity.bound->is_elbo()) continue;
    return beginning + "'" + quantity.name + "' weighs them; choose elbo, or normal:shared";
  }
  for (const Estimator* one : {&estimators.phi, &estimators.theta}) {
    if (one->rule().of_batches()) continue;
    const bool has_paths = EstimatorChoice(estimators::reparam()).unfit(model.codes()).empty();
    return beginning + "the estimator " + estimators.text() + " is not for it; choose " +
           (has_paths ? "reparam, or " : "") + "normal:shared";
  }
  return "";
}

}  // namespace nelbo
