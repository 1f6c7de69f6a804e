#pragma once
// The best classifier of one number by intervals.
#include <cstdint>
#include <span>
#include <vector>

#include "lab/statistics/learners/line_cells.hpp"

namespace nelbo::learners {

/// Intervals of the line, each with a class: number x has that of the first interval whose end is not
/// below x.
struct IntervalClassifier {
  std::vector<double> ends;           ///< ascending, the last infinite
  std::vector<std::int32_t> classes;  ///< of as many

  std::int32_t operator()(double x) const;
};

/// The classifier of at most as many intervals as there are classes that is right most often on numbers
/// with `labels` [N] of 0 .. classes - 1, by dynamic programming; intervals end where cells do.
IntervalClassifier fit_intervals(const LineCells& cells, std::span<const std::int32_t> labels,
                                 std::size_t classes);

}  // namespace nelbo::learners
