#include "lab/training/optimizers.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "autodiff/setting_error.hpp"

namespace nelbo {
namespace {

using Rule = OptimizerConfig::Rule;

/// A setting that is a number of some rules.
struct Number {
  const char* name;
  std::optional<double> TrainConfig::*setting;
  double OptimizerConfig::*number;
  std::vector<Rule> rules;

  bool of(const OptimizerConfig& config) const {
    return std::find(rules.begin(), rules.end(), config.rule) != rules.end();
  }
};

const std::vector<Number>& numbers() {
  using C = TrainConfig;
  using O = OptimizerConfig;
  static const std::vector<Rule> adams{Rule::adam, Rule::adamw};
  static const std::vector<Number> all{
      {"beta1", &C::beta1, &O::beta1, adams},
      {"beta2", &C::beta2, &O::beta2, adams},
      {"epsilon", &C::epsilon, &O::epsilon, adams},
      {"second_moment", &C::second_moment, &O::initial_second_moment, adams},
      {"momentum", &C::momentum, &O::momentum, {Rule::sgd}},
      {"weight_decay", &C::weight_decay, &O::weight_decay, {Rule::adamw}},
  };
  return all;
}

std::vector<OptimizerConfig*> all_of(ByGroup<OptimizerConfig>& optimizers) {
  std::vector<OptimizerConfig*> all{&optimizers.otherwise};
  for (auto& [group, config] : optimizers.named) all.push_back(&config);
  return all;
}

}  // namespace

Registry<OptimizerWord>& optimizers() {
  static Registry<OptimizerWord> all(
      "optimizer",
      {{"adam", "Kingma and Ba (2015)", {.rule = Rule::adam}},
       // The decay is Loshchilov and Hutter's default.
       {"adamw",
        "Loshchilov and Hutter (2019), decay 0.01",
        {.rule = Rule::adamw, .weight_decay = 1e-2}},
       {"sgd", "steps down the gradient, with momentum where it is set", {.rule = Rule::sgd}}});
  return all;
}

ByGroup<OptimizerConfig> optimizers_of(const TrainConfig& config) {
  auto all = read_setting("optimizer", [&] {
    return read_by_group(config.optimizer, optimizers().at("adam").config,
                         [](const std::string& name) { return optimizers().at(name).config; });
  });
  for (const Number& number : numbers()) {
    const std::optional<double>& value = config.*number.setting;
    if (!value) continue;
    bool taken = false;
    for (OptimizerConfig* one : all_of(all)) {
      if (!number.of(*one)) continue;
      taken = true;
      one->*number.number = *value;
      if (const std::string why = unfit(*one); !why.empty()) {
        throw SettingError(number.name, why);
      }
    }
    if (taken) continue;
    std::vector<std::string> takers;
    for (const OptimizerWord& word : optimizers().all()) {
      if (number.of(word.config)) takers.push_back(word.name);
    }
    throw SettingError(number.name, fmt::format("the optimizer '{}' takes none; {} does",
                                                config.optimizer, fmt::join(takers, " or ")));
  }
  return all;
}

void keep_optimizer_numbers(TrainConfig& config, const ByGroup<OptimizerConfig>& optimizers) {
  ByGroup<OptimizerConfig> all = optimizers;
  for (const Number& number : numbers()) {
    std::vector<double> values;
    for (const OptimizerConfig* one : all_of(all)) {
      if (number.of(*one)) values.push_back(one->*number.number);
    }
    const bool one_mind =
        !values.empty() &&
        std::all_of(values.begin(), values.end(), [&](double x) { return x == values.front(); });
    if (one_mind) config.*number.setting = values.front();
  }
}

}  // namespace nelbo
