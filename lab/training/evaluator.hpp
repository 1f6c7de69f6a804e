#pragma once
#include <cstdint>
#include <memory>
#include <vector>

#include "lab/data/examples.hpp"
#include "lab/training/metrics.hpp"
#include "lab/training/recorded_batch.hpp"

namespace nelbo {

/// An objective, Nell and Div over a split, Zheng eqs (14)-(16), with noise that is fixed by the
/// seed: two evaluations of equal parameters give equal bits, and reporting does not disturb
/// training. Terms that compare the data of a batch do so in batches of the training's size.
class Evaluator {
 public:
  /// What is passed by reference or pointer must outlive the evaluator.
  Evaluator(const Networks& networks, const ParameterStore& store, const Term& objective,
            const EstimatorChoice& estimators, std::size_t training_batch, const Examples& examples,
            std::uint64_t seed);

  /// Means over all examples with the parameters as they are now, and schedules as at `step`.
  Metrics operator()(std::uint64_t step = 0);

 private:
  const Examples& examples_;
  std::uint64_t seed_;
  std::vector<std::uint32_t> rows_;
  Term objective_;
  Population population_;
  RecordedBatch full_;
  std::unique_ptr<RecordedBatch> partial_;  // the last batch, if it is smaller
};

}  // namespace nelbo
