#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "apps/ais/partial_file.hpp"
#include "apps/cli/run_flags.hpp"
#include "apps/shards/work.hpp"
#include "lab/evaluation/annealing/rate_distortion.hpp"
#include "lab/evaluation/annealing/readings.hpp"

namespace nelbo {

/// What `nelbo ais` is asked to do.
struct AisOptions {
  std::vector<std::string> runs;
  RunFlags flags;  // for each of them
  std::string from = "encoder";
  std::int64_t temperatures = 1000, chains = 16, examples = 1000;
  bool bdmc = false, rate_distortion = false;
  std::string distortion = "nell";
  double beta_max = 4;
  std::string per_example;  // empty: no such file
  ShardFlags shards;
};

/// A run and what was read of it.
struct AnnealedRun {
  AppliedRun applied;
  std::size_t count = 0;  // examples
  std::optional<annealing::Readings> log_px, bdmc, curve;
  annealing::AnnealingPlan plan;
  std::vector<std::size_t> points;   // of the curve
  double seconds = 0;                // the pilot's among them
  std::vector<PartialFile> partial;  // to be removed when all that was asked is done
};

/// The run with its examples, and nothing read.
AnnealedRun open_annealed(const AisOptions& options, const std::string& run);
/// The same of a run that is open.
AnnealedRun annealed(AppliedRun applied, const AisOptions& options);

/// Reads what is asked, going on where an earlier process was interrupted, or takes it from the parts that are
/// gathered. An exit code where there is nothing to show: this process was interrupted, with the batches
/// that were complete in the run's folder, or has written its shard.
std::optional<int> anneal(AnnealedRun& run, const AisOptions& options);

/// The first number that is not finite, for a message; empty if all are.
std::string not_finite(const AnnealedRun& run);

}  // namespace nelbo
