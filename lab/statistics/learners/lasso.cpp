#include "lab/statistics/learners/lasso.hpp"

#include <algorithm>
#include <cmath>

#include "lab/statistics/column_moments.hpp"

namespace nelbo::learners {

Gram::Gram(TableView x, TableView y)
    : features(x.columns()),
      targets(y.columns()),
      products(centred_products(x, x)),
      with(centred_products(x, y)) {
  for (double& sum : products) sum /= double(x.rows());
  for (double& sum : with) sum /= double(x.rows());
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
