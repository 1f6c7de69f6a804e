#include "lab/training/group_optimizers.hpp"

#include <cmath>
#include <utility>

#include "autodiff/setting_error.hpp"

namespace nelbo {

GroupOptimizers::GroupOptimizers(const ByGroup<OptimizerConfig>& optimizers,
                                 const LearningRates& rates, const ParameterStore& store,
                                 Groups groups) {
  for (const std::string& group : store.group_names()) {
    if ((store.groups({group}) & groups) != 0) order_.push_back(group);
  }
  const auto add = [&](const std::string& name, std::vector<std::string> of,
                       const OptimizerConfig& config) {
    if (of.empty()) return;
    One one{.name = name, .groups = std::move(of)};
    std::vector<Range> ranges;
    for (const std::string& group : one.groups) {
      one.schedules.push_back(rates.of(group));
      ranges.push_back(store.range(group));
    }
    one.rates.resize(ranges.size());
    one.set_rates({});
    one.optimizer =
        std::make_unique<Optimizer>(config, std::move(ranges), store.dtype(), store.tensors());
    all_.push_back(std::move(one));
  };
  std::vector<std::string> others;
  for (const std::string& group : order_) {
    if (optimizers.find(group) == nullptr) others.push_back(group);
  }
  add("optimizer", std::move(others), optimizers.otherwise);
  for (const std::string& group : order_) {
    const OptimizerConfig* own = optimizers.find(group);
    if (own != nullptr) add(group + "_optimizer", {group}, *own);
  }
}

void GroupOptimizers::One::set_rates(const TrainingTime& time) {
  for (std::size_t i = 0; i < schedules.size(); ++i) {
    rates[i] = *schedules[i].at(time);
    const std::string why = unfit_rate(rates[i], schedules[i], time);
    if (!why.empty()) throw SettingError("lr", why);
  }
}

double GroupOptimizers::gradient_norm(const void* gradients) const {
  double norm = 0;
  // Of one alone it is that one's, to the bit.
  for (const One& one : all_) norm = std::hypot(norm, one.optimizer->gradient_norm(gradients));
  return norm;
}

void GroupOptimizers::step(void* parameters, const void* gradients, const TrainingTime& time,
                           double scale) {
  for (One& one : all_) one.set_rates(time);
  for (One& one : all_) one.optimizer->step(parameters, gradients, one.rates, scale);
}

std::vector<GroupRate> GroupOptimizers::rates() const {
  std::vector<GroupRate> rates;
  for (const std::string& group : order_) {
    for (const One& one : all_) {
      for (std::size_t i = 0; i < one.groups.size(); ++i) {
        if (one.groups[i] == group) rates.push_back({group, one.rates[i]});
      }
    }
  }
  return rates;
}

std::vector<NamedOptimizer> GroupOptimizers::all() const {
  std::vector<NamedOptimizer> all;
  for (const One& one : all_) all.push_back({one.name, one.optimizer.get()});
  return all;
}

}  // namespace nelbo
