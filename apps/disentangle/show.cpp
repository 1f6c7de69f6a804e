#include "apps/disentangle/show.hpp"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "apps/reports/mean_text.hpp"
#include "apps/reports/table.hpp"
#include "autodiff/joined.hpp"
#include "lab/files/one_line.hpp"

namespace nelbo {

using disentanglement::Matrix;
using disentanglement::Metric;

nlohmann::ordered_json to_json(const disentanglement::Evaluation& evaluation) {
  nlohmann::ordered_json object{{"n", evaluation.count},
                                {"factors", evaluation.factors},
                                {"active", evaluation.active},
                                {"metrics", nlohmann::ordered_json::object()},
                                {"matrices", nlohmann::ordered_json::object()}};
  for (const Metric& metric : evaluation.metrics) {
    object["metrics"][metric.name] = {{"value", metric.score.value},
                                      {"se", metric.score.standard_error},
                                      {"ceiling", metric.ceiling},
                                      {"floor", metric.floor},
                                      {"variant", metric.variant}};
  }
  for (const auto& [name, matrix] : evaluation.matrices) {
    nlohmann::ordered_json rows = nlohmann::ordered_json::array();
    for (std::size_t d = 0; d < matrix.rows(); ++d) {
      rows.push_back(nlohmann::ordered_json::array());
      for (std::size_t k = 0; k < matrix.columns(); ++k) rows.back().push_back(matrix(d, k));
    }
    object["matrices"][name] = std::move(rows);
  }
  return object;
}

namespace {

std::string matrix_text(const std::string& name, const Matrix& matrix,
                        const std::vector<std::string>& factors) {
  Table table{.names = 1, .header = {name}, .rows = {}};
  for (const std::string& factor : factors) table.header.push_back(data::one_line(factor));
  for (std::size_t d = 0; d < matrix.rows(); ++d) {
    table.rows.push_back({fmt::format("code {}", d)});
    for (std::size_t k = 0; k < matrix.columns(); ++k) {
      table.rows.back().push_back(fixed_text(matrix(d, k), 3));
    }
  }
  return aligned(table);
}

}  // namespace

std::string to_text(const disentanglement::Evaluation& evaluation) {
  Table table{.names = 1, .header = {"metric", "value", "+-", "ceiling", "floor"}, .rows = {}};
  std::vector<std::string> variants;
  for (const Metric& metric : evaluation.metrics) {
    table.rows.push_back({metric.name, fixed_text(metric.score.value, 4),
                          fixed_text(metric.score.standard_error, 4), fixed_text(metric.ceiling, 4),
                          fixed_text(metric.floor, 4)});
    variants.push_back(metric.variant);
  }
  std::string text, lines = aligned(table);
  for (std::size_t row = 0; !lines.empty(); ++row) {
    const std::size_t end = lines.find('\n');
    text += fmt::format("{}  {}\n", lines.substr(0, end), row == 0 ? "of" : variants[row - 1]);
    lines.erase(0, end + 1);
  }
  text += fmt::format("\n{} of {} codes active: {}\n", evaluation.active.size(),
                      evaluation.matrices.front().second.rows(),
                      evaluation.active.empty() ? "none" : joined(evaluation.active, " "));
  for (const auto& [name, matrix] : evaluation.matrices) {
    text += "\n" + matrix_text(name, matrix, evaluation.factors);
  }
  return text;
}

}  // namespace nelbo
