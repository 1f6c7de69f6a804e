#pragma once
#include <vector>

#include "lab/statistics/table_view.hpp"

namespace nelbo::learners {

/// What takes the columns of a table to mean 0 and variance 1 (divided by N), found on one table and
/// applied to others: held-out points are scaled by the training points.
class Standardisation {
 public:
  /// A constant column keeps its scale, so that it becomes 0.
  explicit Standardisation(TableView table);

  /// [N, D] of another table of as many columns.
  std::vector<double> of(TableView table) const;

 private:
  std::vector<double> means_, scales_;  // [D]
};

}  // namespace nelbo::learners
