#include "lab/statistics/learners/lasso.hpp"

#include <algorithm>
#include <cmath>

#include "lab/statistics/column_moments.hpp"

namespace nelbo::learners {

Gram::Gram(TableView x, TableView y)
    : features(x.columns()),
      targets(y.columns()),
      products(features * features, 0.0),
      with(features * targets, 0.0) {
  const std::vector<double> x_means = column_means(x), y_means = column_means(y);
  const double share = 1 / double(x.rows());
  std::vector<double> centred(features);
  for (std::size_t n = 0; n < x.rows(); ++n) {
    for (std::size_t d = 0; d < features; ++d) centred[d] = x(n, d) - x_means[d];
    for (std::size_t d = 0; d < features; ++d) {
      for (std::size_t e = 0; e <= d; ++e) products[d * features + e] += centred[d] * centred[e];
      for (std::size_t k = 0; k < targets; ++k) {
        with[d * targets + k] += centred[d] * (y(n, k) - y_means[k]);
      }
    }
  }
  for (double& sum : with) sum *= share;
  for (std::size_t d = 0; d < features; ++d) {
    for (std::size_t e = 0; e <= d; ++e) {
      products[d * features + e] *= share;
      products[e * features + d] = products[d * features + e];
    }
  }
}

std::vector<double> fit_lasso(const Gram& gram, std::size_t k, double penalty) {
  const std::size_t features = gram.features;
  std::vector<double> weights(features, 0.0), residual(features);  // x'(y - x w) / N
  for (std::size_t d = 0; d < features; ++d) residual[d] = gram.with[d * gram.targets + k];
  constexpr int most_sweeps = 100000;
  for (int sweep = 0; sweep < most_sweeps; ++sweep) {
    double moved = 0, largest = 0;
    for (std::size_t d = 0; d < features; ++d) {
      const double square = gram.products[d * features + d];
      if (!(square > 0)) continue;
      const double pull = residual[d] + square * weights[d];
      const double next = std::copysign(std::max(std::abs(pull) - penalty, 0.0), pull) / square;
      const double change = next - weights[d];
      largest = std::max(largest, std::abs(next));
      if (change == 0) continue;
      for (std::size_t e = 0; e < features; ++e) {
        residual[e] -= change * gram.products[d * features + e];
      }
      weights[d] = next;
      moved = std::max(moved, std::abs(change));
    }
    if (moved <= 1e-12 * largest) break;
  }
  return weights;
}

}  // namespace nelbo::learners
