#include "apps/train/presets.hpp"

#include <string>

#include "apps/train/preset_files.hpp"
#include "autodiff/nearest_name.hpp"
#include "autodiff/setting_error.hpp"

namespace nelbo {

const std::vector<Preset>& presets() {
  static const std::vector<Preset> all = [] {
    std::vector<Preset> read;
    for (const PresetFile& file : preset_files()) {
      for (Preset& preset : read_presets(file.text, file.name)) read.push_back(std::move(preset));
    }
    return read;
  }();
  return all;
}

const Preset& preset_named(const std::string& name) {
  std::vector<std::string> names;
  for (const Preset& preset : presets()) {
    if (preset.name == name) return preset;
    names.push_back(preset.name);
  }
  throw SettingError("", "preset '" + name + "' is unknown; " + suggest(name, names) +
                             "; `nelbo presets` lists them all");
}

}  // namespace nelbo
