#pragma once
#include <string>
#include <vector>

#include "lab/training/preset.hpp"

namespace nelbo {

/// A preset as a run uses it; run.json keeps it.
struct PresetUse {
  std::string name, recipe;
  std::vector<std::string> differs;  // settings that are not the preset's
};

/// Throws SettingError of `data` where the preset wants data that the settings do not name.
void check_data_named(const Preset& preset, const TrainConfig& config);

/// The use of a recipe in a run with these settings, which are not resolved yet. The seed is the
/// user's, and so are data that the preset knows by their mean.
PresetUse use_of(const Preset& preset, const Recipe& recipe, const TrainConfig& config);

}  // namespace nelbo
