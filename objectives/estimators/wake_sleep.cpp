#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "autodiff/error.hpp"
#include "objectives/bounds/arguments.hpp"
#include "objectives/estimators/dream.hpp"
#include "objectives/estimators/estimators.hpp"
#include "objectives/estimators/importance_weighted.hpp"

namespace nelbo::estimators {
namespace {

std::string wake_target(const Bound&) { return "follows KL(P(Z|x) || Q), not the bound"; }

/// Weights of samples, and a share of sleep-phi.
class Sleep final : public WeightedRule {
 public:
  Sleep(Properties properties, Function function, double share)
      : WeightedRule(std::move(properties), std::move(function)), share_(share) {}
  std::string lacks(const Model& model) const override {
    if (model.likelihood() == nullptr) {
      return "sleep-phi dreams data, which this model gives no way to; use wake_sleep(wake=1)";
    }
    Tape tape;
    const Recording recording(tape);
    const DType dtype = model.store().dtype();
    std::optional<Var> condition;
    if (model.conditions() > 0) condition = tape.leaf({1, model.conditions()}, dtype);
    try {
      model.posterior(Batch(tape.leaf({1, model.features()}, dtype), condition))
          ->log_prob(tape.leaf({1, 1, model.codes().dimensions()}, dtype));
    } catch (const Error& error) {  // a posterior that knows log Q of its own samples only
      return std::string(
                 "sleep-phi wants log Q of codes that are dreamt (or use wake_sleep(wake=1)): ") +
             error.what();
    }
    return "";
  }
  std::vector<Direct> direct(const CodeBlock& codes, const Bound& bound) const override {
    std::vector<Direct> all = WeightedRule::direct(codes, bound);
    all.push_back({dream_log_posterior(codes.draw()), Direct::By::one, share_});
    return all;
  }

  bool of_block() const override { return false; }

 private:
  double share_;
};

}  // namespace

Estimator wake_sleep(double wake) {
  Estimator::Properties properties{
      .text = bounds::Arguments("wake_sleep").real("wake", wake, 0, 1).text(),
      .formula = "path 0, score wake w_s; (1 - wake) grad log Q(z|x), x and z dreamt by the model",
      .meaning = "wake-theta; wake-phi and sleep-phi",
      .source = "Hinton et al. (1995); Bornschein and Bengio (2015)",
      .undefined = needs_importance_weights,
      .bias = wake_target};
  const auto weights = [wake](const Estimator::Datum& datum, Estimator::Weights& weights) {
    for (std::size_t s = 0; s < datum.a.size(); ++s) weights.score[s] = wake * datum.a[s];
  };
  if (wake == 1) return Estimator(std::move(properties), weights);
  return Estimator(std::make_shared<const Sleep>(std::move(properties), weights, 1 - wake));
}

Estimator rws_dreg() {
  return Estimator({.text = "rws_dreg",
                    .formula = "path w_s - w_s^2, score 0",
                    .meaning = "wake-phi, doubly reparameterised",
                    .source = "Tucker et al. (2018)",
                    .path = Estimator::Path::own,
                    .undefined = needs_importance_weights,
                    .bias = wake_target},
                   [](const Estimator::Datum& datum, Estimator::Weights& weights) {
                     // h of iw is w (1 - w), of a mean of k copies a k-th of that.
                     std::copy(datum.h.begin(), datum.h.end(), weights.path.begin());
                   });
}

}  // namespace nelbo::estimators
