#pragma once
#include <memory>

#include "lab/data/dataset.hpp"
#include "lab/training/run_config.hpp"

namespace nelbo {

/// Loads the data that the configuration names, with a split `test` (held out by seed where the
/// data bring none) and the share for validation, and resolves them in `config`: the absolute path, the
/// hash of the content, what inverted values are taken from, the code of the condition, and the scaling, which is decided from the
/// training split where the configuration does not hold it. A run that holds a hash and no scale was made
/// when scales were guessed: it keeps what was guessed then, and the data have a note. Throws Error if
/// config already holds another hash: the files have changed since the run was made.
std::unique_ptr<data::Dataset> load_run_data(TrainConfig& config);

/// Takes back what a configuration says of data that it was resolved with: it is a new run's now.
void forget_data(TrainConfig& config);

/// The scaling that the configuration holds; value / 1 where it holds none. Throws SettingError for
/// what is no scaling.
data::Scaling scaling_of(const TrainConfig& config);
void keep_scaling(TrainConfig& config, const data::Scaling& scaling);

/// What the model of the configuration is conditioned on; not coded where it holds no code yet. Throws
/// SettingError for a code that is none.
data::Condition condition_of(const TrainConfig& config);
void keep_condition(TrainConfig& config, const data::Condition& condition);

/// What the configuration does to data before they are scaled. Throws SettingError.
data::Preprocessing steps_of(const TrainConfig& config);
void keep_steps(TrainConfig& config, const data::Preprocessing& steps);

}  // namespace nelbo
