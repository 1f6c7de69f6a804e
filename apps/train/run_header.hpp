#pragma once
#include <string>
#include <vector>

#include "lab/data/dataset.hpp"
#include "lab/training/run_folder.hpp"
#include "lab/training/trainer.hpp"

namespace nelbo {

/// What is about to be trained, on what and where: a line each, for people.
std::vector<std::string> run_header(const TrainConfig& config, const data::Dataset& data,
                                    const Trainer& trainer, const RunFolder& folder);

}  // namespace nelbo
