#pragma once
#include <string>

#include "autodiff/optimizer.hpp"
#include "lab/training/by_group.hpp"
#include "lab/training/run_config.hpp"
#include "models/registry.hpp"

namespace nelbo {

/// A name of optimisers.
struct OptimizerWord {
  std::string name;
  std::string summary;  // one line for --help
  OptimizerConfig config;
};

/// adam, adamw and sgd, and a program's own.
Registry<OptimizerWord>& optimizers();

/// The optimiser that the settings ask for, or one by group, with the numbers that are set in the
/// place of its own. Throws SettingError for a name that is unknown, a number out of its range, and
/// one that no optimiser named takes.
ByGroup<OptimizerConfig> optimizers_of(const TrainConfig& config);

/// Sets the numbers that are not set to those that the optimisers have, where these are of one
/// mind.
void keep_optimizer_numbers(TrainConfig& config, const ByGroup<OptimizerConfig>& optimizers);

}  // namespace nelbo
