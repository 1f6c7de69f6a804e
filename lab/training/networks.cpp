#include "lab/training/networks.hpp"

#include "models/make_model.hpp"

namespace nelbo {

Groups Networks::groups() const {
  const ParameterStore& store = model->store();
  Groups all = 0;
  for (const std::string& group : store.group_names()) all |= store.groups({group});
  return all & ~auxiliaries.groups(store);
}

Networks declare_networks(const TrainPlan& plan, const DataMoments& moments,
                          ParameterStore& store) {
  Networks networks;
  networks.model = make_model(plan.model, moments, store);
  for (const Quantity& quantity : plan.objective.quantities()) {
    for (const Auxiliary& own : quantity.auxiliaries) {
      networks.auxiliaries.declare(own, store, *networks.model);
    }
  }
  for (const Auxiliary& own : plan.estimators.phi.rule().auxiliaries()) {
    networks.auxiliaries.declare(own, store, *networks.model);
  }
  return networks;
}

Networks make_networks(const TrainPlan& plan, const DataMoments& moments, ParameterStore& store) {
  Networks networks = declare_networks(plan, moments, store);
  store.freeze(plan.config.seed);
  return networks;
}

}  // namespace nelbo
