#pragma once
#include <span>
#include <vector>

#include "lab/statistics/table_view.hpp"

namespace nelbo::learners {

/// What a margin m = y (w x + b) costs: log(1 + exp(-m)), or max(0, 1 - m)^2.
enum class MarginLoss { logistic, squared_hinge };

/// The weights [D + 1], the last the intercept, that minimise
///   |w|^2 / 2 + b^2 / 2 + sum_n costs_n loss(y_n (w x_n + b)),
/// by Newton's method to convergence: the intercept is penalised too, as liblinear does it, and with it
/// scikit-learn's LinearSVC. `x` [N, D], `signs` y_n of +1 or -1, `costs` [N] >= 0.
std::vector<double> fit_linear_classifier(TableView x, std::span<const double> signs,
                                          std::span<const double> costs, MarginLoss loss);

/// w x_n + b, [N].
std::vector<double> decisions(TableView x, std::span<const double> weights);

}  // namespace nelbo::learners
