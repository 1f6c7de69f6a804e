#pragma once
#include <cstdint>
#include <optional>

#include "lab/training/metrics.hpp"

namespace nelbo {

/// Where a training run stands, besides parameters and the optimiser's moments.
struct TrainState {
  std::uint64_t step = 0;            // steps made
  std::uint64_t epoch = 0;           // epochs completed
  std::uint64_t batch = 0;           // batches made of the epoch begun
  MetricSums sums;                   // over these batches
  double gradient_norms = 0;         // sum over these batches
  std::uint64_t clipped = 0;         // of these batches, those whose gradient was scaled down
  std::uint64_t clipped_in_all = 0;  // of all batches
  std::optional<double> best;    // highest objective on the validation examples at an epoch's end
  std::uint64_t best_epoch = 0;  // the epoch that ended with it; or since when it is sought
};

}  // namespace nelbo
