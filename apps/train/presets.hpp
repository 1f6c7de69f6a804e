#pragma once
#include <vector>

#include "lab/training/preset.hpp"

namespace nelbo {

/// All presets: those of apps/presets/*.toml, which are part of the program; quickstart first.
const std::vector<Preset>& presets();

/// One of them. Throws SettingError of `preset` with the nearest name.
const Preset& preset_named(const std::string& name);

}  // namespace nelbo
