#pragma once
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <variant>
#include <vector>

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

  /// Of finite numbers.
  bool has(double value) const {
    return std::isfinite(value) && (above ? value > least : value >= least) &&
           (below ? value < most : value <= most);
  }
  /// "1 to 65536", "above 0 and below 1".
  std::string text() const;
};

/// How a setting's value is written.
enum class SettingKind {
  yes_no,
  whole,
  number,
  text,
  word,  // a text, in files also a number
  wholes,
  wholes_or_none,  // a list, or the text none
  numbers
};

/// What a flag's text stands for, "500,500" of a list. Throws SettingError of the setting `name`
/// saying what it takes.
SettingValue read_value(const std::string& name, SettingKind kind, const NumberRange& range,
                        const std::string& text);

/// As it stands in a file of its own kind: 0.001, 500,500, or the text itself.
std::string text_of(const SettingValue& value);

}  // namespace nelbo
