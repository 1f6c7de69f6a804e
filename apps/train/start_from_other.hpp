#pragma once
#include <optional>
#include <string>
#include <vector>

#include "lab/training/trainer.hpp"

namespace nelbo {

/// Before the first step: takes the parameters of the checkpoint that the settings name in init_from,
/// and adds notes on which they are; nothing where none is named. Throws as take_parameters does.
std::optional<WarmStart> start_from_other(const TrainConfig& config, Trainer& trainer,
                                          std::vector<std::string>& notes);

}  // namespace nelbo
