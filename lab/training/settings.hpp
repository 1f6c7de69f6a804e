#pragma once
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "lab/training/run_config.hpp"

namespace nelbo {

/// What a setting holds.
using SettingValue = std::variant<bool, std::int64_t, double, std::string,
                                  std::vector<std::int64_t>, std::vector<double>>;

/// The numbers that a setting takes; of a list, each.
struct NumberRange {
  double least = -std::numeric_limits<double>::infinity();
  double most = std::numeric_limits<double>::infinity();
  bool above = false;  // `least` is none of them
  bool below = false;  // `most` is none of them

  bool has(double value) const {
    return (above ? value > least : value >= least) && (below ? value < most : value <= most);
  }
  /// "1 to 65536", "above 0 and below 1".
  std::string text() const;
};

/// A setting of training: all that files, flags and records need to know of it.
struct TrainSetting {
  enum class Kind {
    yes_no,
    whole,
    number,
    text,
    word,  // a text, in files also a number
    wholes,
    wholes_or_none,  // a list, or the text none
    numbers
  };

  std::string name;  // in TOML, and of the flag
  Kind kind = Kind::text;
  /// Throws SettingError for a value that is none of it.
  std::function<void(TrainConfig&, const SettingValue&)> set;
  /// Nothing where it is not to be written.
  std::function<std::optional<SettingValue>(const TrainConfig&)> get;
  NumberRange range;
  bool changes = false;   // may be another when a run goes on
  bool of_model = false;  // a trained model needs it, whatever its data and objective

  /// What a flag's text stands for: "500,500" of a list. Throws SettingError saying what it takes.
  SettingValue parse(const std::string& text) const;
};

/// All of them, in the order of config.toml.
const std::vector<TrainSetting>& settings();

/// nullptr if there is none of this name.
const TrainSetting* find_setting(const std::string& name);

/// Throws SettingError naming a setting whose numbers are out of its range.
void check_ranges(const TrainConfig& config);

/// As it stands in a file of its own kind: 0.001, 500,500, or the text itself.
std::string text_of(const SettingValue& value);

}  // namespace nelbo
