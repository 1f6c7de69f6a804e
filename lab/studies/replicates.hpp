#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "lab/studies/study.hpp"
#include "lab/studies/study_cell.hpp"

namespace nelbo::gradvar {

/// The mean over the replicates of the gradient of one parameter by one estimator.
struct MeanGradient {
  std::string of;         // StudyCell::title()
  std::string estimator;  // "reparam"
  std::string parameter;  // "encoder.0.weight"
  Shape shape;
  std::vector<double> mean, standard_error;  // row-major
};

struct ReplicateOptions {
  std::uint64_t replicates = 1000;  // R; at least 4
  std::uint64_t seed = 0;
  std::size_t workers = 1;
  std::function<void(double share)> progress = [](double) {};  // one call at a time
  /// Takes the mean gradient of every parameter by every reported estimator; empty: nobody asks.
  std::function<void(const MeanGradient&)> gradient = {};
  /// Asked before each replicate, from several threads: true ends the study early.
  std::function<bool()> stop = [] { return false; };
};

/// R replicates of every estimator's gradient of the cell's bound (recorded_draw.hpp) or objective
/// (objective_draw.hpp), one recording per worker with single-threaded kernels inside, as one row for
/// each estimator and group (theta, phi, psi and their layers). Moments stream in batches of
/// replicates that are merged in order: rows, times excepted, do not depend on the number of
/// workers. The first half of the batches finds the directions that the second half is projected
/// on. Empty if it was ended early.
std::vector<Row> run_replicates(const StudyModel& model, const StudyCell& cell,
                                const ReplicateOptions& options);

}  // namespace nelbo::gradvar
