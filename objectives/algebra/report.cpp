#include "objectives/algebra/report.hpp"
#include "objectives/draw/draw.hpp"

#include <cmath>

namespace nelbo {
namespace {

/// Standard error of the mean of independent values.
std::optional<double> standard_error(const std::optional<Var>& per_datum) {
  if (!per_datum || per_datum->shape().size() < 2) return std::nullopt;
  const std::vector<double> values = per_datum->value().values();
  const double n = double(values.size());
  double mean = 0, squares = 0;
  for (const double v : values) mean += v / n;
  for (const double v : values) squares += (v - mean) * (v - mean);
  return std::sqrt(squares / (n - 1) / n);
}

}  // namespace

std::vector<ReportLine> report(const Term& objective, Draw& draw, const TrainingTime& time) {
  std::vector<ReportLine> lines;
  for (const Term::Part& part : objective.parts()) {
    lines.push_back({.quantity = part.quantity,
                     .value = part.term(draw).item(),
                     .weight = part.weight ? part.weight->at(time) : std::nullopt,
                     .standard_error = standard_error(part.term.per_datum(draw)),
                     .bias = part.quantity.bias});
  }
  return lines;
}

}  // namespace nelbo
