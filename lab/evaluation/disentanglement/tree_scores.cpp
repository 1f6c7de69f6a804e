#include "lab/evaluation/disentanglement/tree_scores.hpp"

#include "autodiff/error.hpp"
#include "lab/statistics/learners/boosted_trees.hpp"

namespace nelbo::disentanglement {

FactorTrees factor_trees(const Split& points, std::size_t k) {
  const Factor& seen = points.train.factors[k];
  auto trees = learners::fit_boosted_trees(learners::CutTable(points.train.table()), seen.classes,
                                           std::size_t(seen.size));
  HeldOut right = accuracy(trees.classes_of(points.test.table()), points.test.factors[k].classes);
  return {std::move(trees.importances), std::move(right)};
}

TreeScores tree_scores(std::span<const FactorTrees> factors) {
  TreeScores result{.importances = Matrix(factors.front().importances.size(), factors.size()),
                    .informativeness = {}};
  HeldOut all;
  for (std::size_t k = 0; k < factors.size(); ++k) {
    if (factors[k].importances.size() != result.importances.rows()) {
      throw Error("trees of factors that are not of the same codes");
    }
    for (std::size_t d = 0; d < factors[k].importances.size(); ++d) {
      result.importances(d, k) = factors[k].importances[d];
    }
    all.add(factors[k].right, 1 / double(factors.size()));
  }
  result.informativeness = all.score();
  return result;
}

}  // namespace nelbo::disentanglement
