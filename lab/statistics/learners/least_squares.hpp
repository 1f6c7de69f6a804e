#pragma once
#include <span>
#include <vector>

#include "lab/statistics/table_view.hpp"

namespace nelbo::learners {

/// The weights [D + 1], the last the intercept, of least sum of squares |y - x w - b|^2; where columns
/// are linearly dependent, those of a ridge that changes predictions by no more than about 1e-9. `x` is
/// standardised (standardise.hpp), [N, D], `y` [N].
std::vector<double> fit_least_squares(TableView x, std::span<const double> y);

}  // namespace nelbo::learners
