#include "lab/evaluation/disentanglement/matrix_scores.hpp"

#include <functional>
#include <string>
#include <vector>

#include "lab/evaluation/disentanglement/aggregates.hpp"
#include "lab/evaluation/disentanglement/aggregators.hpp"
#include "lab/evaluation/disentanglement/jackknife.hpp"
#include "lab/evaluation/disentanglement/lasso_matrix.hpp"
#include "lab/evaluation/disentanglement/make_points.hpp"
#include "lab/evaluation/disentanglement/threshold_matrix.hpp"
#include "lab/evaluation/disentanglement/tree_scores.hpp"

namespace nelbo::disentanglement {
namespace {

// Trees are slow: time goes with dimensions x classes.
constexpr std::size_t tree_groups = 5, most_dimensions_with_error = 32, most_dimensions = 128;

/// A way to get a matrix, with the names of what comes of it.
struct Source {
  std::string end, matrix, variant;
  std::size_t groups;  // of its jackknife
  std::function<Matrix(const Split&)> of;
};

/// Errors are those of leaving out points where they are, among those that learn or the others.
void add_scores(const Source& source, const Matrix& matrix, const Split& points, std::uint64_t seed,
                Measurement& to) {
  const auto scores_of = [&](const Matrix& any) {
    const Matrix live = of_active(any, to.active, to.known);
    std::vector<double> values{gap(live)};
    for (const double value : aggregates(live)) values.push_back(value);
    return values;
  };
  const std::vector<Score> scores = with_errors(
      scores_of(matrix),
      jackknife_errors(points.train.count() + points.test.count(), seed, {.groups = source.groups},
                       [&](std::span<const std::uint32_t> rows) {
                         return scores_of(source.of(rows_of(points, rows)));
                       }));
  auto names = aggregate_names(source.end, source.variant);
  names.insert(names.begin(), {"sap." + source.end, source.variant});
  for (std::size_t i = 0; i < names.size(); ++i) {
    to.metrics.push_back({names[i].first, names[i].second, scores[i]});
  }
  to.matrices.push_back({source.matrix, matrix});
}

void add_tree_scores(const Points& points, std::uint64_t seed, bool errors, Measurement& to) {
  const bool with_error = errors && points.dimensions <= most_dimensions_with_error;
  const Split parts = split_points(points, seed);
  const TreeScores trees = tree_scores(parts);
  const Source source{"trees", "tree_importances", "importances of boosted trees",
                      with_error ? tree_groups : 0,
                      [](const Split& some) { return tree_scores(some).importances; }};
  add_scores(source, trees.importances, parts, seed, to);
  to.metrics.push_back({"dci_informativeness.trees", "boosted trees, held-out points: accuracy",
                        trees.informativeness});
}

}  // namespace

void add_matrix_scores(const Points& points, std::uint64_t seed, bool errors, Trees trees,
                       Measurement& to) {
  const std::size_t groups = errors ? Jackknife{}.groups : 0;
  const Source lasso{"lasso", "lasso_coefficients", "Lasso coefficients, penalty .02", groups,
                     [](const Split& some) { return lasso_matrix(some.train); }};
  const Split whole{points, rows_of(points, {})}, halves = halve_points(points, seed);
  add_scores(lasso, lasso.of(whole), whole, seed, to);
  const Source threshold{"threshold", "threshold_accuracy",
                         "held-out accuracy of intervals over chance", groups, threshold_matrix};
  add_scores(threshold, threshold.of(halves), halves, seed, to);
  if (trees == Trees::grown && points.dimensions <= most_dimensions &&
      points.count() >= least_points) {
    add_tree_scores(points, seed, errors, to);
  }
}

}  // namespace nelbo::disentanglement
