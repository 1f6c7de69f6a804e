#include "lab/training/setting_value.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <string_view>

#include "autodiff/number_of.hpp"
#include "autodiff/setting_error.hpp"

namespace nelbo {
namespace {

/// Of the numbers that are separated by commas.
template <class T>
std::optional<std::vector<T>> numbers_of(const std::string& text, const NumberRange& range) {
  std::vector<T> values;
  for (std::size_t start = 0; start <= text.size();) {
    const std::size_t comma = std::min(text.find(',', start), text.size());
    const auto value = number_of<T>(std::string_view(text).substr(start, comma - start));
    if (!value || !range.has(double(*value))) return std::nullopt;
    values.push_back(*value);
    start = comma + 1;
  }
  return values;
}

template <class T>
std::optional<T> number_in(const std::string& text, const NumberRange& range) {
  const auto value = number_of<T>(text);
  return value && range.has(double(*value)) ? value : std::nullopt;
}

}  // namespace

std::string NumberRange::text() const {
  if (!above && !below && std::isfinite(least) && std::isfinite(most)) {
    return fmt::format("{} to {}", least, most);
  }
  std::string text;
  if (std::isfinite(least)) text = fmt::format("{} {}", above ? "above" : "at least", least);
  if (!std::isfinite(most)) return text;
  return text +
         fmt::format("{}{} {}", text.empty() ? "" : " and ", below ? "below" : "at most", most);
}

SettingValue read_value(const std::string& name, SettingKind kind, const NumberRange& range,
                        const std::string& text) {
  const auto or_refuse = [&](const auto& value, const std::string& wanted) -> SettingValue {
    if (value) return *value;
    const std::string of_range = range.text();
    throw SettingError(name, fmt::format("'{}' is not {}{}{}", text, wanted,
                                         of_range.empty() ? "" : ", ", of_range));
  };
  switch (kind) {
    case SettingKind::yes_no:
      return or_refuse(text == "true"    ? std::optional(true)
                       : text == "false" ? std::optional(false)
                                         : std::nullopt,
                       "true or false");
    case SettingKind::whole:
      return or_refuse(number_in<std::int64_t>(text, range), "a whole number");
    case SettingKind::number:
      return or_refuse(number_in<double>(text, range), "a number");
    case SettingKind::wholes:
      return or_refuse(numbers_of<std::int64_t>(text, range),
                       "a list of whole numbers, as in 500,500");
    case SettingKind::wholes_or_none:
      if (text == "none") return text;
      return or_refuse(numbers_of<std::int64_t>(text, range),
                       "none or a list of whole numbers, as in 500,500");
    case SettingKind::numbers:
      return or_refuse(numbers_of<double>(text, range), "a list of numbers, as in 0.5,1");
    case SettingKind::text:
    case SettingKind::word:
      break;
  }
  return text;
}

std::string text_of(const SettingValue& value) {
  return std::visit(
      [](const auto& held) -> std::string {
        using Held = std::decay_t<decltype(held)>;
        if constexpr (std::is_same_v<Held, std::string>) {
          return held;
        } else if constexpr (std::is_arithmetic_v<Held>) {
          return fmt::format("{}", held);
        } else {
          return fmt::format("{}", fmt::join(held, ","));
        }
      },
      value);
}

}  // namespace nelbo
