#pragma once
#include <string>
#include <vector>

#include "lab/data/binarize.hpp"
#include "lab/data/scaling.hpp"
#include "lab/training/learning_rates.hpp"
#include "lab/training/optimizers.hpp"
#include "lab/training/run_config.hpp"
#include "models/vae_config.hpp"
#include "objectives/algebra/term.hpp"
#include "objectives/estimators/choice.hpp"

namespace nelbo {

/// Settings read once: what the words of a TrainConfig stand for.
struct TrainPlan {
  TrainConfig config;
  data::Binarize binarize;
  VaeConfig model;  // its example's shape is that of config.example
  Term objective;
  EstimatorChoice estimators;
  ByGroup<OptimizerConfig> optimizers;
  LearningRates rates;
};

/// Reads the file that the model is described in, where the settings do not hold what it says. Throws
/// SettingError naming the setting that is out of its range or holds an unknown word, before any data
/// are loaded; ExpressionError for the objective.
TrainPlan resolve(const TrainConfig& config);

/// The units in which the model's densities are: those of the data, whatever the scaling.
void set_units(VaeConfig& model, const data::Scaling& scaling);

/// The part that a trained model needs, whatever objective made it. Throws SettingError.
VaeConfig model_of(const TrainConfig& config);

/// Changes settings of a run that goes on, "lr=1e-4" each, and says what was changed. Throws
/// SettingError as apply_change does, and where the objective would have other terms.
std::vector<Change> apply_changes(TrainConfig& config, const std::vector<std::string>& changes);

}  // namespace nelbo
