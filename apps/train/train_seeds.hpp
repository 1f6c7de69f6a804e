#pragma once
#include <cstdint>
#include <filesystem>
#include <vector>

#include "apps/train/training_run.hpp"

namespace nelbo {

/// Trains a run of each seed, one after the other: in the folders `out`/s0, `out`/s1, ..., or, where `out`
/// is empty, in those that the runs have by themselves. Prints what each came to, and their mean and
/// standard deviation. Returns the exit code: of a run that was not finite once all are done, of a
/// signal at once. Throws as start_run does, before anything is trained where a folder is taken.
int train_seeds(const TrainPlan& plan, const std::vector<std::uint64_t>& seeds,
                const std::filesystem::path& out, const RunOptions& options, bool json);

}  // namespace nelbo
