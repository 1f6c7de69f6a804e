#include "apps/reports/disentanglement_section.hpp"

#include <fmt/format.h>

#include <cmath>

#include "apps/reports/heat_map.hpp"
#include "apps/reports/html_page.hpp"
#include "apps/reports/markup.hpp"
#include "apps/reports/mean_text.hpp"
#include "apps/reports/report_parts.hpp"
#include "apps/reports/table.hpp"

namespace nelbo {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t most_codes = 64;  // of a heat map

std::vector<std::string> texts_at(const Json& object, const char* key) {
  std::vector<std::string> texts;
  const auto at = object.find(key);
  if (at == object.end() || !at->is_array()) return texts;
  for (const Json& one : *at) texts.push_back(one.is_string() ? one.get<std::string>() : "?");
  return texts;
}

/// "squared correlation" of "squared_correlation".
std::string words(std::string name) {
  for (char& c : name) c = c == '_' ? ' ' : c;
  return name;
}

/// Nothing of what is no matrix with as many columns as there are factors.
std::string heat_map(const std::string& name, const Json& matrix,
                     const std::vector<std::string>& factors) {
  HeatMap map{.title = words(name), .rows = {}, .columns = factors, .values = {}};
  if (!matrix.is_array()) return "";
  for (const Json& row : matrix) {
    if (!row.is_array() || row.size() != factors.size()) return "";
    if (map.rows.size() == most_codes) break;
    map.rows.push_back(fmt::format("code {}", map.rows.size()));
    map.values.emplace_back();
    for (const Json& one : row) {
      map.values.back().push_back(one.is_number() ? one.get<double>() : std::nan(""));
    }
  }
  return map.rows.empty() ? "" : svg_of(map);
}

std::string metrics_table(const Json& metrics) {
  Table table{.names = 1, .header = {"metric", "value", "+-", "ceiling", "floor"}, .rows = {}};
  for (const auto& [name, metric] : metrics.items()) {
    table.rows.push_back({name});
    for (const char* key : {"value", "se", "ceiling", "floor"}) {
      table.rows.back().push_back(minus_sign(fixed_text(number_at(metric, {key}), 3)));
    }
  }
  return table.rows.empty() ? "" : html_table(table);
}

}  // namespace

std::string disentanglement_section(const RunHistory& run) {
  const Json& found = run.codes;
  const std::vector<std::string> factors = texts_at(found, "factors");
  std::vector<std::string> maps;
  if (found.contains("matrices") && found["matrices"].is_object()) {
    for (const auto& [name, matrix] : found["matrices"].items()) {
      if (std::string map = heat_map(name, matrix, factors); !map.empty()) maps.push_back(map);
    }
  }
  std::string out = figure_section("Codes and factors", maps,
                                   "Rows are codes, columns factors of the data; dark is much.");
  if (found.contains("metrics") && found["metrics"].is_object()) {
    out += metrics_table(found["metrics"]) +
           fmt::format(
               "<p class=\"soft small\">nelbo disentangle, of {:.0f} points, with standard "
               "errors, the score of a perfect code and of noise.</p>\n",
               number_at(found, {"n"}));
  }
  return out;
}

}  // namespace nelbo
