// REBAR's surrogate and a network r(y, x) beside it, which learns what the relaxed bound leaves: Grathwohl
// et al. (2018), "Backpropagation through the void". It starts at 0.
#include <memory>

#include "autodiff/ops/elementwise_ops.hpp"
#include "autodiff/ops/reduce_ops.hpp"
#include "autodiff/ops/shape_ops.hpp"
#include "models/init.hpp"
#include "models/layers/linear.hpp"
#include "models/layers/sequential.hpp"
#include "objectives/draw/draw.hpp"
#include "objectives/estimators/estimators.hpp"
#include "objectives/estimators/network_of_x.hpp"
#include "objectives/estimators/rebar.hpp"

namespace nelbo::estimators {
namespace {

constexpr const char* relax_group = "relax";
constexpr std::int64_t width = 100;  // of the network's two layers

WeightInit no_weight() {
  return [](std::int64_t, std::int64_t) { return zeros(); };
}

/// [N, D + X] to [N]: codes and data side by side.
Layer declare_relax(ParameterStore& store, const Model& model) {
  check_network_of_x(model, "relax's control variate");
  const std::int64_t inputs = model.codes().dimensions() + model.features();
  const Sequential net{
      Linear(store, "relax.0", relax_group, inputs, width, Activation::tanh),
      Linear(store, "relax.1", relax_group, width, width, Activation::tanh),
      Linear(store, "relax.output", relax_group, width, 1, Activation::identity, no_weight())};
  return [net](Var x) { return reshape(net(x), {-1}); };
}

class Relax final : public Rebar {
 public:
  using Rebar::Rebar;
  std::vector<Auxiliary> auxiliaries() const override {
    std::vector<Auxiliary> all = Rebar::auxiliaries();
    all.push_back({.group = relax_group, .declare = declare_relax});
    return all;
  }

 protected:
  Var surrogate(Draw& draw, const Bound& bound, Codes& relaxed) const override {
    const Var y = relaxed.z(), x = draw.x();
    const std::int64_t samples = y.shape()[0], batch = draw.batch();
    const Var data = broadcast_to(x, {samples, batch, x.shape()[1]});
    const Var beside = concatenate({y, data}, -1);
    const Var r = draw.network(relax_group, text())(reshape(beside, {samples * batch, -1}));
    const Var of_copies = mean(reshape(r, {bound.groups(), bound.inner().samples(), batch}), 1);
    return Rebar::surrogate(draw, bound, relaxed) + of_copies;
  }
};

}  // namespace

Estimator relax(std::optional<double> temperature, std::optional<double> eta) {
  return Estimator(std::make_shared<const Relax>(
      WeightedRule::Properties{
          .text = with_tuning("relax", temperature, eta),
          .formula = "path 0, score L - c - a_s, and grad c, c = eta L at relaxed codes + r(y, x)",
          .meaning = "rebar with a network of codes and data in its control variate",
          .source = "Grathwohl et al. (2018)",
          .of_expectations = true},
      temperature, eta));
}

}  // namespace nelbo::estimators
