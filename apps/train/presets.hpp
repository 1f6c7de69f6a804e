#pragma once
#include <string>
#include <vector>

namespace nelbo {

/// A named set of settings for `nelbo train --preset NAME`, written as a file for --config is.
struct Preset {
  std::string name;
  std::string summary;  // one line for --help
  std::string toml;
};

/// All presets: an explicit list.
const std::vector<Preset>& presets();

/// The settings of one. Throws SettingError with the nearest name.
const std::string& preset_text(const std::string& name);

}  // namespace nelbo
