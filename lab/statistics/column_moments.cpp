#include "lab/statistics/column_moments.hpp"

#include <algorithm>

#include "autodiff/gemm.hpp"

namespace nelbo {
namespace {

/// Rows first .. first + count of a table less its means, [count, D].
void centre(TableView table, const std::vector<double>& means, std::size_t first, std::size_t count,
            std::vector<double>& to) {
  to.clear();
  for (std::size_t n = first; n < first + count; ++n) {
    for (std::size_t d = 0; d < means.size(); ++d) to.push_back(table(n, d) - means[d]);
  }
}

}  // namespace

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

std::vector<double> centred_products(TableView x, TableView y) {
  constexpr std::size_t most_rows = 1024;
  const std::vector<double> x_means = column_means(x), y_means = column_means(y);
  std::vector<double> sums(x.columns() * y.columns(), 0.0), left, right;
  for (std::size_t first = 0; first < x.rows(); first += most_rows) {
    const std::size_t count = std::min(most_rows, x.rows() - first);
    centre(x, x_means, first, count, left);
    centre(y, y_means, first, count, right);
    gemm<double>(std::int64_t(x.columns()), std::int64_t(y.columns()), std::int64_t(count),
                 transposed(left.data(), std::int64_t(x.columns())),
                 row_major(right.data(), std::int64_t(y.columns())), sums.data(),
                 std::int64_t(y.columns()), true);
  }
  return sums;
}

std::vector<double> covariance(TableView table) {
  const std::size_t columns = table.columns();
  std::vector<double> sums = centred_products(table, table);
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
