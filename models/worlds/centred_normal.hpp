#pragma once
#include <vector>

#include "models/worlds/dense.hpp"

namespace nelbo {

/// N(0, cov) in float64, of many points at once.
class CentredNormal {
 public:
  CentredNormal() = default;
  /// cov [D, D], symmetric positive definite.
  explicit CentredNormal(const Tensor& cov);
  /// The log-densities [S], nats, of deviations from the mean [S, D].
  std::vector<double> log_density(const Tensor& deviations) const;
  /// Samples [S, D] from standard normal noise [S, D].
  Tensor sample(const Tensor& noise) const;

 private:
  Tensor factor_;          // L with L L' = cov
  Tensor whitener_;        // L^-1
  double log_normaliser_;  // 1/2 ln |2 pi cov|
};

/// Every row of points [S, C] as weight [R, C] row + bias [R]: [S, R].
Tensor affine(const Tensor& points, const Tensor& weight, const Tensor& bias);

}  // namespace nelbo
