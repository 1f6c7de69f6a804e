#pragma once
#include <cstdint>
#include <optional>

#include "lab/training/metrics.hpp"

namespace nelbo {

/// Where a training run stands, besides parameters and the optimiser's moments.
struct TrainState {
  std::uint64_t step = 0;        // steps made
  std::uint64_t epoch = 0;       // epochs completed
  std::uint64_t batch = 0;       // batches made of the epoch begun
  MetricSums sums;               // over these batches
  double gradient_norms = 0;     // sum over these batches
  std::optional<double> best;    // highest objective on the validation examples at an epoch's end
  std::uint64_t best_epoch = 0;  // the epoch that ended with it; or since when it is sought
};

}  // namespace nelbo
