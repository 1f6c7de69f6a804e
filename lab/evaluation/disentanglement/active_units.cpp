#include "lab/evaluation/disentanglement/active_units.hpp"

#include <algorithm>
#include <cmath>

#include "lab/statistics/column_moments.hpp"

namespace nelbo::disentanglement {
namespace {

constexpr double least_variance = 0.01;

/// The standard error of a column's variance.
double variance_error(TableView table, std::size_t d, double mean, double variance) {
  double fourth = 0;
  for (std::size_t n = 0; n < table.rows(); ++n) fourth += std::pow(table(n, d) - mean, 4);
  const double count = double(table.rows());
  return std::sqrt(std::max(fourth / count - variance * variance, 0.0) / count);
}

}  // namespace

ActiveUnits active_units(const Points& points) {
  const TableView table = points.table();
  const std::vector<double> means = column_means(table), variances = column_variances(table);
  ActiveUnits result;
  double variance_of_count = 0;
  for (std::size_t d = 0; d < points.dimensions; ++d) {
    if (variances[d] > least_variance) result.units.push_back(d);
    const double error = variance_error(table, d, means[d], variances[d]);
    if (!(error > 0)) continue;
    const double p = std::erfc((least_variance - variances[d]) / error / std::sqrt(2.0)) / 2;
    variance_of_count += p * (1 - p);
  }
  result.count = {double(result.units.size()), std::sqrt(variance_of_count)};
  return result;
}

}  // namespace nelbo::disentanglement
