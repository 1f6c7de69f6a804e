#include "apps/reports/show.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <map>

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
                      {"labels", std::move(labels)}});
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
  }
  return text;
}

}  // namespace nelbo::data
