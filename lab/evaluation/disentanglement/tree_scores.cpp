#include "lab/evaluation/disentanglement/tree_scores.hpp"

#include <vector>

#include "autodiff/threads.hpp"
#include "lab/statistics/learners/boosted_trees.hpp"

namespace nelbo::disentanglement {

TreeScores tree_scores(const Split& points) {
  const std::size_t factors = points.train.factors.size();
  const learners::CutTable table(points.train.table());
  TreeScores result{.importances = Matrix(points.train.dimensions, factors), .informativeness = {}};
  std::vector<HeldOut> right(factors);
  parallel_for(factors, [&](std::size_t k) {
    const Factor& seen = points.train.factors[k];
    const auto trees = learners::fit_boosted_trees(table, seen.classes, std::size_t(seen.size));
    for (std::size_t d = 0; d < points.train.dimensions; ++d) {
      result.importances(d, k) = trees.importances[d];
    }
    right[k] = accuracy(trees.classes_of(points.test.table()), points.test.factors[k].classes);
  });
  HeldOut all;
  for (const HeldOut& of : right) all.add(of, 1 / double(factors));
  result.informativeness = all.score();
  return result;
}

}  // namespace nelbo::disentanglement
