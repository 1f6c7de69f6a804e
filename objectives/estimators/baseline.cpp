#include "objectives/estimators/baseline.hpp"

#include "autodiff/ops.hpp"
#include "models/init.hpp"
#include "models/layers/linear.hpp"
#include "models/layers/sequential.hpp"

namespace nelbo {

Baseline::Baseline(Estimator::Baseline kind, ParameterStore& store, std::int64_t features)
    : store_(store), mean_(store.add("baseline.mean", group, {1}, zeros())) {
  if (kind != Estimator::Baseline::learned) return;
  net_ = Sequential{Linear(store, "baseline.0", group, features, width, Activation::tanh),
                    Linear(store, "baseline.1", group, width, width, Activation::tanh),
                    Linear(store, "baseline.output", group, width, 1)};
}

Var Baseline::operator()(Var x) const {
  const Var mean = broadcast_to(Tape::current().parameter(store_, mean_), {x.shape()[0]});
  return net_ ? mean + reshape((*net_)(x), {-1}) : mean;
}

Var Baseline::loss(Var value, Var baseline) { return 0.5 * mean(square(stop(value) - baseline)); }

}  // namespace nelbo
