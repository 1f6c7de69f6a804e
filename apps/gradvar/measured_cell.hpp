#pragma once
#include <vector>

#include "apps/shards/part.hpp"
#include "lab/studies/replicates.hpp"
#include "lab/studies/study.hpp"

namespace nelbo::gradvar {

/// What a cell of a study came to: rows without their theory, and mean gradients where they are kept.
struct MeasuredCell {
  std::vector<Row> rows;
  std::vector<MeanGradient> gradients;
};

/// As an item of a shard, to the last bit.
ItemResult result_of(const MeasuredCell& cell);
/// The cell of such an item. Throws Error for one that is none.
MeasuredCell cell_of(const ItemResult& result);

}  // namespace nelbo::gradvar
