#include "lab/statistics/learners/least_squares.hpp"

#include <algorithm>

#include "autodiff/factorisation.hpp"

namespace nelbo::learners {

std::vector<double> fit_least_squares(TableView x, std::span<const double> y) {
  const std::size_t p = x.columns() + 1;
  Tensor gram(Shape{std::int64_t(p), std::int64_t(p)}, DType::f64);
  Tensor right(Shape{std::int64_t(p), 1}, DType::f64);
  double* h = gram.data_as<double>();
  double* g = right.data_as<double>();
  std::vector<double> row(p, 1.0);
  for (std::size_t n = 0; n < x.rows(); ++n) {
    std::copy(x.row(n).begin(), x.row(n).end(), row.begin());
    for (std::size_t a = 0; a < p; ++a) {
      g[a] += row[a] * y[n];
      for (std::size_t b = 0; b <= a; ++b) h[a * p + b] += row[a] * row[b];
    }
  }
  for (std::size_t a = 0; a < p; ++a) h[a * p + a] += 1e-9 * double(x.rows());
  const Tensor l = cholesky_of(gram);
  return triangular_solution(l, triangular_solution(l, right, false), true).values();
}

}  // namespace nelbo::learners
