#include "models/running_means.hpp"

#include <algorithm>

namespace nelbo {

void RunningMeans::keep(ParameterId parameter, Var number) {
  const auto same = [&](const Kept& one) { return one.parameter.index == parameter.index; };
  if (std::any_of(kept_.begin(), kept_.end(), same)) return;
  kept_.push_back({parameter, number});
}

void RunningMeans::measure(const ParameterStore& store, std::uint64_t step) {
  const double share = std::max(1 / double(step), 0.01);
  for (Kept& one : kept_) {
    const double before = store.tensor(one.parameter).item();
    one.mean = before + share * (one.number.item() - before);
  }
}

void RunningMeans::put(const ParameterStore& store) const {
  for (const Kept& one : kept_) store.tensor(one.parameter).set({0}, one.mean);
}

}  // namespace nelbo
