#include "apps/reports/show.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "apps/cli/with_flags.hpp"
#include "apps/reports/mean_text.hpp"
#include "lab/data/statistics.hpp"
#include "lab/files/one_line.hpp"

namespace nelbo::data {
namespace {

/// Integer types print integers: 255, not 255.0.
nlohmann::ordered_json stored_value(StoredType type, double value) {
  constexpr double exact = 9007199254740992.0;  // 2^53
  if (is_floating(type) || std::abs(value) > exact) return value;
  return static_cast<std::int64_t>(value);
}

/// How often each label occurs, or, where they are many, between which numbers labels and counts are.
std::string label_counts(const std::map<std::int64_t, std::int64_t>& labels) {
  constexpr std::size_t labels_per_line = 10, most_listed = 50;
  if (labels.empty()) return "";
  if (labels.size() > most_listed) {
    const auto [fewest, most] =
        std::minmax_element(labels.begin(), labels.end(),
                            [](const auto& a, const auto& b) { return a.second < b.second; });
    return fmt::format("  labels  {} values from {} to {}, each of {} to {} examples\n",
                       labels.size(), labels.begin()->first, labels.rbegin()->first, fewest->second,
                       most->second);
  }
  std::string text;
  std::size_t printed = 0;
  for (const auto& [label, count] : labels) {
    if (printed % labels_per_line == 0) text += printed == 0 ? "  labels " : "\n         ";
    text += fmt::format(" {}: {}", label, count);
    ++printed;
  }
  return text + "\n";
}

/// What the factors of a split are: names, how many classes, and the range of the values.
struct FactorRange {
  std::string name;
  std::int32_t classes = 0;
  std::optional<std::pair<double, double>> values;
};

std::vector<FactorRange> factor_ranges(const Dataset& dataset, const Split& split) {
  std::vector<FactorRange> ranges;
  const std::size_t columns = split.factors.empty() ? 0 : dataset.factor_names.size();
  for (std::size_t f = 0; f < columns; ++f) {
    ranges.push_back({dataset.factor_names[f], dataset.factor_sizes[f], std::nullopt});
    for (std::size_t i = f; i < split.factor_values.size(); i += columns) {
      const double value = split.factor_values[i];
      auto& range = ranges.back().values;
      range = range ? std::pair(std::min(range->first, value), std::max(range->second, value))
                    : std::pair(value, value);
    }
  }
  return ranges;
}

std::string factor_lines(const std::vector<FactorRange>& ranges) {
  std::string text;
  for (const FactorRange& range : ranges) {
    text += fmt::format("  {:<7}  {:<12} {:>3} classes", text.empty() ? "factors" : "",
                        one_line(range.name), range.classes);
    if (range.values)
      text += fmt::format(", values {:g} to {:g}", range.values->first, range.values->second);
    text += "\n";
  }
  return text;
}

nlohmann::ordered_json factor_json(const std::vector<FactorRange>& ranges) {
  auto factors = nlohmann::ordered_json::array();
  for (const FactorRange& range : ranges) {
    nlohmann::ordered_json one{{"name", range.name}, {"classes", range.classes}};
    if (range.values) one.update({{"min", range.values->first}, {"max", range.values->second}});
    factors.push_back(std::move(one));
  }
  return factors;
}

}  // namespace

nlohmann::ordered_json show_json(const Dataset& dataset) {
  using Json = nlohmann::ordered_json;
  Json splits = Json::array();
  for (const Split& split : dataset.splits) {
    const Statistics figures = statistics(split, dataset.scale.divisor);
    const StoredType type = split.images.type();
    Json labels = Json::object();
    for (const auto& [label, count] : figures.labels) labels[std::to_string(label)] = count;
    splits.push_back({{"name", split.name},
                      {"count", split.images.count()},
                      {"shape", split.images.shape()},
                      {"dtype", type_name(type)},
                      {"scale", stored_value(StoredType::uint8, dataset.scale.divisor)},
                      {"min", stored_value(type, figures.min)},
                      {"max", stored_value(type, figures.max)},
                      {"mean", figures.mean},
                      {"std", figures.std},
                      {"labels", std::move(labels)},
                      {"factors", factor_json(factor_ranges(dataset, split))}});
  }
  return {{"format", dataset.format}, {"splits", std::move(splits)}};
}

std::string show_text(const Dataset& dataset) {
  std::string text;
  for (const std::string& line : describe(dataset)) text += one_line(with_flags(line)) + "\n";
  text += "format " + dataset.format + "\n";
  for (const Split& split : dataset.splits) {
    const Statistics figures = statistics(split, dataset.scale.divisor);
    text += fmt::format("\n{}\n  {} of {} {}\n", one_line(split.name),
                        counted(std::uint64_t(split.images.count()), "example"),
                        shape_text(split.images.shape()), type_name(split.images.type()));
    const double divisor = dataset.scale.divisor;
    text += fmt::format("  stored values {:g} to {:g}; {}mean {:.6f}, std {:.6f}\n", figures.min,
                        figures.max, divisor == 1 ? "" : fmt::format("value / {:g}: ", divisor),
                        figures.mean, figures.std);
    text += label_counts(figures.labels);
    text += factor_lines(factor_ranges(dataset, split));
  }
  return text;
}

}  // namespace nelbo::data
