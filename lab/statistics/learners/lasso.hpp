#pragma once
#include <span>
#include <vector>

#include "lab/statistics/table_view.hpp"

namespace nelbo::learners {

/// Sums over N centred points that are all a Lasso sees of them, so that several targets and penalties
/// share one pass over the points.
struct Gram {
  Gram(TableView x, TableView targets);

  std::size_t features, targets;  ///< D, K
  std::vector<double> products;   ///< x' x / N, [D, D]
  std::vector<double> with;       ///< x' y / N, [D, K]
};

/// The weights [D] that minimise |y - x w - b|^2 / 2N + penalty |w|_1 for target k, by coordinate
/// descent until no weight moves by more than 1e-12 of the largest; scikit-learn's Lasso. The intercept is
/// mean(y) - mean(x) w. A constant column's weight is 0.
std::vector<double> fit_lasso(const Gram& gram, std::size_t k, double penalty);

}  // namespace nelbo::learners
