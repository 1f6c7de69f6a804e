#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "lab/studies/recorded_draw.hpp"
#include "lab/studies/study.hpp"

namespace nelbo::gradvar {

/// A bound on a draw, with the estimators that are compared on it.
struct StudyCell {
  std::string label;  // the bound's name without m: "iw", "iw on antithetic pairs"
  Bound bound;        // of k groups of m samples
  std::int64_t m = 1, k = 1;
  Coupling coupling = Coupling::independent;
  std::vector<EstimatorChoice> estimators;
  std::size_t reported = 0;   // so many of them, the first
  std::size_t reference = 0;  // one of them
};

struct ReplicateOptions {
  std::uint64_t replicates = 1000;  // R; at least 4
  std::uint64_t seed = 0;
  std::size_t workers = 1;
  std::function<void(double share)> progress = [](double) {};  // one call at a time
  /// Asked before each replicate, from several threads: true ends the study early.
  std::function<bool()> stop = [] { return false; };
};

/// R replicates of every estimator's gradient of the cell's bound, one recording per worker with
/// single-threaded kernels inside, as one row for each estimator and group (theta, phi, psi and
/// their layers). Moments stream in batches of replicates that are merged in order: rows, times
/// excepted, do not depend on the number of workers. The first half of the batches finds the
/// directions that the second half is projected on. Empty if it was ended early.
std::vector<Row> run_replicates(const StudyModel& model, const StudyCell& cell,
                                const ReplicateOptions& options);

}  // namespace nelbo::gradvar
