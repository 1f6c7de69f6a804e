#include "lab/statistics/column_moments.hpp"

namespace nelbo {

std::vector<double> column_means(TableView table) {
  std::vector<double> means(table.columns(), 0.0);
  // Of differences from the first row, so that a constant column's mean is its value exactly.
  for (std::size_t n = 1; n < table.rows(); ++n) {
    for (std::size_t d = 0; d < means.size(); ++d) means[d] += table(n, d) - table(0, d);
  }
  for (std::size_t d = 0; d < means.size(); ++d) {
    means[d] = table(0, d) + means[d] / double(table.rows());
  }
  return means;
}

std::vector<double> covariance(TableView table) {
  const std::size_t columns = table.columns();
  const std::vector<double> means = column_means(table);
  std::vector<double> sums(columns * columns, 0.0), centred(columns);
  for (std::size_t n = 0; n < table.rows(); ++n) {
    for (std::size_t d = 0; d < columns; ++d) centred[d] = table(n, d) - means[d];
    for (std::size_t a = 0; a < columns; ++a) {
      for (std::size_t b = 0; b <= a; ++b) sums[a * columns + b] += centred[a] * centred[b];
    }
  }
  for (std::size_t a = 0; a < columns; ++a) {
    for (std::size_t b = 0; b <= a; ++b) {
      sums[a * columns + b] /= double(table.rows()) - 1;
      sums[b * columns + a] = sums[a * columns + b];
    }
  }
  return sums;
}

std::vector<double> column_variances(TableView table) {
  const std::vector<double> means = column_means(table);
  std::vector<double> variances(means.size(), 0.0);
  for (std::size_t n = 0; n < table.rows(); ++n) {
    for (std::size_t d = 0; d < means.size(); ++d) {
      const double centred = table(n, d) - means[d];
      variances[d] += centred * centred;
    }
  }
  for (double& variance : variances) variance /= double(table.rows()) - 1;
  return variances;
}

}  // namespace nelbo
