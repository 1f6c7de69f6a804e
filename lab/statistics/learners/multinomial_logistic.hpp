#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "lab/statistics/learners/newton.hpp"
#include "lab/statistics/table_view.hpp"

namespace nelbo::learners {

/// Classes by a softmax of scores that are linear in the features: P(y = k | x) = softmax(W x + b)_k.
struct MultinomialLogistic {
  std::size_t features = 0, classes = 0;
  std::vector<double> weights;  ///< [features + 1, classes], the last row the intercepts

  /// P(y = k | x_n), [N, K].
  std::vector<double> probabilities(TableView x) const;
};

/// The most probable class of each row of probabilities [N, K], ties to the first.
std::vector<std::int32_t> most_probable(std::span<const double> probabilities, std::size_t classes);

struct LogisticOptions {
  double inverse_penalty = 1;  ///< C
  double tolerance = 1e-8;     ///< of the greatest derivative of the objective / (C N)
  std::size_t factorised =
      most_factorised;  ///< weights, above which steps are by conjugate gradients
};

/// Minimises C sum_n -log P(y_n | x_n) + |W|^2 / 2, the intercepts free, as scikit-learn's
/// LogisticRegression does, by Newton's method to convergence. `x` [N, D], `labels` [N] of 0 .. classes - 1.
/// The result has the same bits for any number of threads.
MultinomialLogistic fit_multinomial_logistic(TableView x, std::span<const std::int32_t> labels,
                                             std::size_t classes, const LogisticOptions& options);

}  // namespace nelbo::learners
