#pragma once
#include <cstdint>
#include <vector>

#include "autodiff/random_variables.hpp"
#include "autodiff/schedule.hpp"
#include "lab/data/examples.hpp"
#include "lab/training/metrics.hpp"
#include "lab/training/ranks.hpp"
#include "lab/training/recorded_batch.hpp"
#include "lab/training/replay_by_size.hpp"

namespace nelbo {

/// An objective, Nell and Div over a split, Zheng eqs (14)-(16), with noise that is fixed by the
/// seed: two evaluations of equal parameters give equal bits, and reporting does not disturb
/// training. Terms that compare the data of a batch do so in batches of the training's size.
class Evaluator {
 public:
  /// Networks, examples and `variables`, a line of the register that the noise is of, must outlive
  /// it.
  Evaluator(const Networks& networks, const Term& objective, const EstimatorChoice& estimators,
            std::size_t training_batch, const Examples& examples, std::uint64_t seed,
            const DrawVariables& variables = random_variables::evaluation,
            Ranks& ranks = one_process());

  /// With schedules as at `time`. Each rank computes its share of the batches; all are added up in their
  /// order, so that the bits are those of one process.
  Metrics operator()(const TrainingTime& time);

 private:
  const Examples& examples_;
  std::uint64_t seed_;
  const DrawVariables& variables_;
  Ranks& ranks_;
  std::vector<std::uint32_t> rows_;
  ReplayBySize<RecordedBatch> recordings_;
};

}  // namespace nelbo
