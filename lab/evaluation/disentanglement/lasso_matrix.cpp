#include "lab/evaluation/disentanglement/lasso_matrix.hpp"

#include <cmath>
#include <vector>

#include "lab/statistics/learners/lasso.hpp"
#include "lab/statistics/learners/standardise.hpp"

namespace nelbo::disentanglement {
namespace {

std::vector<double> standardised(TableView table) {
  return learners::Standardisation(table).of(table);
}

}  // namespace

Matrix lasso_matrix(const Points& points) {
  const std::size_t factors = points.factors.size();
  std::vector<double> values(points.count() * factors);
  for (std::size_t k = 0; k < factors; ++k) {
    for (std::size_t n = 0; n < points.count(); ++n) {
      values[n * factors + k] = points.factors[k].values[n];
    }
  }
  const std::vector<double> codes = standardised(points.table());
  const std::vector<double> targets = standardised(TableView(values, factors));
  const learners::Gram gram(TableView(codes, points.dimensions), TableView(targets, factors));
  Matrix result(points.dimensions, factors);
  for (std::size_t k = 0; k < factors; ++k) {
    const std::vector<double> weights = learners::fit_lasso(gram, k, lasso_penalty);
    for (std::size_t d = 0; d < points.dimensions; ++d) result(d, k) = std::abs(weights[d]);
  }
  return result;
}

}  // namespace nelbo::disentanglement
