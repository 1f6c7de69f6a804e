#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "apps/published/comparison.hpp"
#include "apps/reports/mean_text.hpp"
#include "apps/reports/table.hpp"
#include "autodiff/joined.hpp"

namespace nelbo {
namespace {

using Json = nlohmann::ordered_json;

Table table_of(const std::vector<verify::Check>& checks) {
  Table table{.names = 1, .header = {"", "theory", "ours", "+-", "z"}, .rows = {}};
  for (const verify::Check& one : checks) {
    table.rows.push_back({one.name, number_text(one.expected, 5), number_text(one.value, 5),
                          number_text(one.se, 2), one.z() ? fixed_text(*one.z(), 1) : one.remark});
  }
  return table;
}

}  // namespace

std::string comparison_text(const Comparison& c) {
  std::string text =
      c.checks.empty()
          ? fmt::format("{}, recipe {}: {} of {} ({}), nats per datum\n", c.preset.name,
                        c.recipe.name, c.what, c.split, counted(c.examples, "example"))
          : aligned(table_of(c.checks)) + c.preset.name + ": " + c.what + "\n";
  text += "source: " + c.preset.source + "\n";
  if (!c.preset.beside.empty()) text += "beside: " + c.preset.beside + "\n";
  if (c.beside)
    text += "beside, ours: " + mean_text(c.beside->value, 2) + ", " + c.beside->what + "\n";
  const std::string ours = "ours " + mean_text(c.ours, 2);
  if (c.preset.published) {
    text += "published " + published_text(*c.preset.published);
    if (c.preset.published_error) text += " +- " + published_text(*c.preset.published_error);
    text += ", " + ours;
    if (c.recipe.tolerance) text += fmt::format(" (tolerance {})", *c.recipe.tolerance);
  } else {
    text += "published: not verified, " + ours;
  }
  if (!c.differs.empty()) {
    text += "; differs from the preset: " + joined(c.differs, ", ");
  }
  return text + "\n";
}

Json to_json(const Comparison& c) {
  Json checks = Json::array();
  for (const verify::Check& one : c.checks) {
    checks.push_back({{"name", one.name},
                      {"exact", one.expected},
                      {"value", one.value},
                      {"se", one.se},
                      {"z", one.z() ? Json(*one.z()) : Json(nullptr)}});
  }
  const auto number = [](const std::optional<double>& value) {
    return value ? Json(*value) : Json(nullptr);
  };
  return {{"preset", c.preset.name},
          {"recipe", c.recipe.name},
          {"source", c.preset.source},
          {"evidence", c.preset.evidence},
          {"published", number(c.preset.published)},
          {"published_error", number(c.preset.published_error)},
          {"tolerance", number(c.recipe.tolerance)},
          {"lower_is_better", c.preset.evaluation.cost},
          {"beside", c.preset.beside},
          {"ours", {{"value", c.ours.mean}, {"se", c.ours.standard_error}}},
          {"ours_beside", c.beside ? Json{{"value", c.beside->value.mean},
                                          {"se", c.beside->value.standard_error},
                                          {"what", c.beside->what}}
                                   : Json(nullptr)},
          {"what", c.what},
          {"split", c.split},
          {"examples", c.examples},
          {"differs", c.differs},
          {"differs_from_source", c.preset.differs},
          {"checks", checks},
          {"minutes", c.recipe.minutes}};
}

std::string comparisons_heading() {
  return "preset,recipe,seed,published,tolerance,ours,se,differs,run";
}

std::string comparison_line(const Comparison& c, const std::string& run, std::uint64_t seed) {
  const auto number = [](const std::optional<double>& value) {
    return value ? fmt::format("{}", *value) : std::string();
  };
  std::string line =
      csv_line({c.preset.name, c.recipe.name, fmt::format("{}", seed), number(c.preset.published),
                number(c.recipe.tolerance), number(c.ours.mean), number(c.ours.standard_error),
                joined(c.differs, " "), run});
  line.pop_back();
  return line;
}

std::string published_text(double value) {
  const std::string shortest = fmt::format("{}", value), two = fmt::format("{:.2f}", value);
  return shortest.size() > two.size() ? shortest : two;
}

}  // namespace nelbo
