#include "objectives/estimators/baseline.hpp"

#include "autodiff/ops.hpp"
#include "models/init.hpp"
#include "models/layers/linear.hpp"
#include "models/layers/sequential.hpp"
#include "objectives/estimators/network_of_x.hpp"

namespace nelbo {
namespace {

constexpr std::int64_t width = 100;  // of the network's two layers, as in the paper

Layer declare(WeightedRule::Baseline kind, ParameterStore& store, std::int64_t features) {
  const char* const group = baseline_group;
  const ParameterId mean_id = store.add("baseline.mean", group, {1}, zeros());
  const auto mean = [&store, mean_id](Var x) {
    return broadcast_to(Tape::current().parameter(store, mean_id), {x.shape()[0]});
  };
  if (kind != WeightedRule::Baseline::learned) return mean;
  const Sequential net{Linear(store, "baseline.0", group, features, width, Activation::tanh),
                       Linear(store, "baseline.1", group, width, width, Activation::tanh),
                       Linear(store, "baseline.output", group, width, 1)};
  return [mean, net](Var x) { return mean(x) + reshape(net(x), {-1}); };
}

}  // namespace

Auxiliary baseline(WeightedRule::Baseline kind) {
  const bool learned = kind == WeightedRule::Baseline::learned;
  return {.group = baseline_group,
          .optimizer = {.rule = learned ? OptimizerConfig::Rule::adam : OptimizerConfig::Rule::sgd},
          .rate = learned ? 1e-3 : 0.1,
          .declare = [kind](ParameterStore& store, const Model& model) {
            if (kind == WeightedRule::Baseline::learned) {
              check_network_of_x(model, "the learned baseline");
            }
            return declare(kind, store, model.features());
          }};
}

Var baseline_loss(Var value, Var baseline) { return 0.5 * mean(square(stop(value) - baseline)); }

}  // namespace nelbo
