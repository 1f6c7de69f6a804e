#pragma once
#include <cstdint>
#include <span>
#include <vector>

namespace nelbo::learners {

/// The area under a ROC curve and what each point has to do with it.
struct RocArea {
  /// P(score of a positive > score of a negative) + P(equal) / 2; NaN where one kind is missing.
  double area = 0;
  /// [N]; their sum is 0, and the square root of the sum of their squares the area's standard error
  /// (DeLong, DeLong & Clarke-Pearson 1988). Those of several areas over the same points may be added.
  std::vector<double> influence;
};

/// Of `scores` [N], `positive` [N].
RocArea roc_area(std::span<const double> scores, const std::vector<bool>& positive);

}  // namespace nelbo::learners
