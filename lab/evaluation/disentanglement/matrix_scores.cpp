#include "lab/evaluation/disentanglement/matrix_scores.hpp"

#include <functional>
#include <string>
#include <vector>

#include "lab/evaluation/disentanglement/aggregates.hpp"
#include "lab/evaluation/disentanglement/aggregators.hpp"
#include "lab/evaluation/disentanglement/jackknife.hpp"
#include "lab/evaluation/disentanglement/lasso_matrix.hpp"
#include "lab/evaluation/disentanglement/threshold_matrix.hpp"
#include "lab/evaluation/disentanglement/tree_scores.hpp"

namespace nelbo::disentanglement {
namespace {

constexpr std::size_t tree_groups = 5;

/// A way to get a matrix, with the names of what comes of it.
struct Source {
  std::string end, matrix, variant;
  std::size_t groups;  // of its jackknife
  std::function<Matrix(const Points&)> of;
};

void add_scores(const Source& source, const Matrix& matrix, const Points& points,
                std::uint64_t seed, bool errors, Measurement& to) {
  const auto scores_of = [&](const Matrix& any) {
    const Matrix live = of_active(any, to.active);
    std::vector<double> values{gap(live)};
    for (const double value : aggregates(live)) values.push_back(value);
    return values;
  };
  const std::vector<Score> scores =
      with_errors(scores_of(matrix),
                  jackknife_errors(points, seed, {.groups = errors ? source.groups : 0},
                                   [&](const Points& some) { return scores_of(source.of(some)); }));
  auto names = aggregate_names(source.end, source.variant);
  names.insert(names.begin(), {"sap." + source.end, source.variant});
  for (std::size_t i = 0; i < names.size(); ++i) {
    to.metrics.push_back({names[i].first, names[i].second, scores[i]});
  }
  to.matrices.push_back({source.matrix, matrix});
}

}  // namespace

void add_matrix_scores(const Points& points, std::uint64_t seed, bool errors, Measurement& to) {
  const Source lasso{"lasso", "lasso_coefficients", "Lasso coefficients, penalty .02",
                     Jackknife{}.groups, lasso_matrix};
  add_scores(lasso, lasso.of(points), points, seed, errors, to);

  const Source thresholds{"threshold", "threshold_accuracy",
                          "held-out accuracy of intervals over chance", Jackknife{}.groups,
                          [&](const Points& some) { return threshold_matrix(some, seed); }};
  add_scores(thresholds, thresholds.of(points), points, seed, errors, to);

  const Source importances{
      "trees", "tree_importances", "importances of boosted trees", tree_groups,
      [&](const Points& some) { return tree_scores(split_points(some, seed)).importances; }};
  const TreeScores trees = tree_scores(split_points(points, seed));
  add_scores(importances, trees.importances, points, seed, errors, to);
  to.metrics.push_back({"dci_informativeness.trees", "boosted trees, held-out points: accuracy",
                        trees.informativeness});
}

}  // namespace nelbo::disentanglement
