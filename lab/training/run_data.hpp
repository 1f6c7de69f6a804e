#pragma once
#include <memory>

#include "lab/data/dataset.hpp"
#include "lab/training/run_config.hpp"

namespace nelbo {

/// Loads the data that the configuration names, with a split `test` (held out by seed where the
/// data bring none) and the share for validation, and resolves them in `config`: the absolute path,
/// and the hash of the content. Throws Error if config already holds another hash: the files have
/// changed since the run was made.
std::unique_ptr<data::Dataset> load_run_data(TrainConfig& config);

}  // namespace nelbo
