#pragma once
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "lab/training/run_config.hpp"
#include "lab/training/setting_value.hpp"

namespace nelbo {

/// A setting of training: all that files, flags and records need to know of it.
struct TrainSetting {
  std::string name;  // in TOML, and of the flag
  SettingKind kind = SettingKind::text;
  /// Throws SettingError for a value that is none of it.
  std::function<void(TrainConfig&, const SettingValue&)> set;
  /// Nothing where it is not to be written.
  std::function<std::optional<SettingValue>(const TrainConfig&)> get;
  NumberRange range;
  bool changes = false;   // may be another when a run goes on
  bool of_model = false;  // a trained model needs it, whatever its data and objective

  /// What a flag's text stands for: "500,500" of a list. Throws SettingError saying what it takes.
  SettingValue parse(const std::string& text) const { return read_value(name, kind, range, text); }
};

/// All of them, in the order of config.toml.
const std::vector<TrainSetting>& settings();

/// nullptr if there is none of this name.
const TrainSetting* find_setting(const std::string& name);

/// Throws SettingError naming a setting whose numbers are out of its range.
void check_ranges(const TrainConfig& config);

}  // namespace nelbo
