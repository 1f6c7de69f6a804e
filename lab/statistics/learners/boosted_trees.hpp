#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "lab/statistics/learners/line_cells.hpp"
#include "lab/statistics/table_view.hpp"

namespace nelbo::learners {

/// A table whose columns are cut into cells once, for all that is grown on it.
struct CutTable {
  explicit CutTable(TableView x);

  std::size_t rows = 0;
  std::vector<LineCells> columns;  ///< [D]
};

/// The defaults of scikit-learn's GradientBoostingClassifier.
struct BoostingOptions {
  std::size_t rounds = 100;
  double rate = 0.1;
  std::size_t depth = 3;
};

/// A regression tree whose splits of a level stand in a row: node i has children 2 i + 1 and 2 i + 2.
struct BoostedTree {
  struct Split {
    std::uint32_t feature = 0;
    double end = 0;  ///< x[feature] <= end goes left; infinite: all do
  };
  std::vector<Split> splits;   ///< [2^depth - 1]
  std::vector<double> leaves;  ///< [2^depth]
};

/// Classes by sums of trees: P(y = k | x) is the softmax of what the trees of class k add up to.
struct BoostedTrees {
  std::size_t classes = 0;
  std::vector<double> first;        ///< [K], log frequencies
  std::vector<BoostedTree> trees;   ///< [rounds, K]
  std::vector<double> importances;  ///< [D], shares of what all splits gained; 0 where none did

  /// The class of most probability for each row, ties to the first.
  std::vector<std::int32_t> classes_of(TableView x) const;
};

/// Gradient boosting of the multinomial deviance (Friedman 2001): in each round a tree of `depth` levels
/// for every class, grown on the residuals by Friedman's gain n_l n_r / (n_l + n_r) (mean_l - mean_r)^2,
/// its leaves one Newton step. Ends of splits are ends of at most 256 cells a column. A gain counts to its
/// feature's importance. All is deterministic: no subsampling, ties to the first feature and lowest end.
BoostedTrees fit_boosted_trees(const CutTable& table, std::span<const std::int32_t> labels,
                               std::size_t classes, const BoostingOptions& options = {});

}  // namespace nelbo::learners
