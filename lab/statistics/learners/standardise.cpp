#include "lab/statistics/learners/standardise.hpp"

#include <cmath>

#include "lab/statistics/column_moments.hpp"

namespace nelbo::learners {

Standardisation::Standardisation(TableView table)
    : means_(column_means(table)), scales_(column_variances(table)) {
  const double rows = double(table.rows());
  for (double& scale : scales_) scale = scale > 0 ? std::sqrt(scale * (rows - 1) / rows) : 1;
}

std::vector<double> Standardisation::of(TableView table) const {
  std::vector<double> result(table.rows() * table.columns());
  for (std::size_t n = 0, i = 0; n < table.rows(); ++n) {
    for (std::size_t d = 0; d < table.columns(); ++d, ++i) {
      result[i] = (table(n, d) - means_[d]) / scales_[d];
    }
  }
  return result;
}

}  // namespace nelbo::learners
