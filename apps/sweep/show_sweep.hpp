#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "apps/sweep/sweep_plan.hpp"

namespace nelbo {

/// Prints the table of a sweep's runs, whose folders are `paths`, and writes their page into `folder`.
void show_sweep(const std::vector<std::string>& paths, const std::filesystem::path& folder,
                bool json);

/// The folders of sweeps that are shards of one: what their runs are, and where each is that has ended.
struct GatheredSweep {
  std::vector<SweepRun> runs;
  std::vector<std::string> paths;    // of those that have ended
  std::vector<std::string> missing;  // names of the others
};
/// Throws Error naming a folder that is of another sweep, or where a run has ended twice.
GatheredSweep gather_sweep(const std::vector<std::string>& folders);

}  // namespace nelbo
