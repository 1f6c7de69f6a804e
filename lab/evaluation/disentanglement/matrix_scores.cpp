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

namespace nelbo::disentanglement {
namespace {

/// A way to get a matrix, with the names of what comes of it.
struct Source {
  std::string end, matrix, variant;
};

using Numbers = std::vector<double>;

/// The gap and the aggregates of a matrix over the codes that are not dead and the factors that are not missing.
Numbers numbers_of(const Matrix& any, const std::vector<std::size_t>& active,
                   const std::vector<std::size_t>& known) {
  const Matrix live = of_active(any, active, known);
  Numbers values{gap(live)};
  for (const double value : aggregates(live)) values.push_back(value);
  return values;
}

/// `errors`: of those numbers, or empty.
void add_scores(const Source& source, const Matrix& matrix, const Numbers& values,
                const Numbers& errors, Measurement& to) {
  const std::vector<Score> scores = with_errors(values, errors);
  auto names = aggregate_names(source.end, source.variant);
  names.insert(names.begin(), {"sap." + source.end, source.variant});
  for (std::size_t i = 0; i < names.size(); ++i) {
    to.metrics.push_back({names[i].first, names[i].second, scores[i]});
  }
  to.matrices.push_back({source.matrix, matrix});
}

/// Errors are those of leaving out points where they are, among those that learn or the others.
void add_jackknifed(const Source& source, const Split& points, const Representation& of,
                    const std::function<Matrix(const Split&)>& matrix_of, Measurement& to) {
  const std::vector<std::size_t> active = of.information().active(),
                                 known = of.information().known();
  const Matrix matrix = matrix_of(points);
  add_scores(source, matrix, numbers_of(matrix, active, known),
             jackknife_errors(points.train.count() + points.test.count(), of.seed(), of.jackknife(),
                              [&](std::span<const std::uint32_t> rows) {
                                return numbers_of(matrix_of(rows_of(points, rows)), active, known);
                              }),
             to);
}

}  // namespace

void add_lasso(const Representation& of, Measurement& to) {
  add_jackknifed(
      {"lasso", "lasso_coefficients", "Lasso coefficients, penalty .02"},
      {of.points(), rows_of(of.points(), {})}, of,
      [](const Split& some) { return lasso_matrix(some.train); }, to);
}

void add_threshold(const Representation& of, Measurement& to) {
  add_jackknifed({"threshold", "threshold_accuracy", "held-out accuracy of intervals over chance"},
                 halve_points(of.points(), of.seed()), of, threshold_matrix, to);
}

void add_tree_scores(std::span<const TreeScores> grown, Measurement& to) {
  std::vector<Numbers> without;
  for (const TreeScores& some : grown.subspan(1)) {
    without.push_back(numbers_of(some.importances, to.active, to.known));
  }
  const Matrix& importances = grown.front().importances;
  add_scores({"trees", "tree_importances", "importances of boosted trees"}, importances,
             numbers_of(importances, to.active, to.known), errors_of(without), to);
  to.metrics.push_back({"dci_informativeness.trees", "boosted trees, held-out points: accuracy",
                        grown.front().informativeness});
}

}  // namespace nelbo::disentanglement
