#include "apps/train/preset_use.hpp"

#include "autodiff/setting_error.hpp"
#include "lab/training/settings.hpp"

namespace nelbo {

void check_data_named(const Preset& preset, const TrainConfig& config) {
  if (preset.wants.empty() || !config.data.empty()) return;
  throw SettingError("data", "the preset " + preset.name + " learns from " + preset.wants +
                                 ", which is not part of nelbo; name the folder of its files");
}

PresetUse use_of(const Preset& preset, const Recipe& recipe, const TrainConfig& config) {
  TrainConfig own;
  preset.apply(own, recipe);
  PresetUse use{.name = preset.name, .recipe = recipe.name, .differs = {}};
  for (const TrainSetting& setting : settings()) {
    const bool of_the_user =
        setting.name == "seed" || (setting.name == "data" && preset.data_mean.has_value());
    if (!of_the_user && setting.get(config) != setting.get(own))
      use.differs.push_back(setting.name);
  }
  return use;
}

}  // namespace nelbo
