#include "models/running_means.hpp"

#include <algorithm>

namespace nelbo {
namespace {

thread_local RunningMeans::Use* innermost = nullptr;

}  // namespace

RunningMeans::Use::Use(Tape& tape, RunningMeans& means)
    : tape_(&tape), means_(&means), before_(innermost) {
  innermost = this;
}

RunningMeans::Use::~Use() { innermost = before_; }

RunningMeans* RunningMeans::current() {
  const Use* use = innermost;
  while (use != nullptr && use->tape_ != &Tape::current()) use = use->before_;
  return use == nullptr ? nullptr : use->means_;
}

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
