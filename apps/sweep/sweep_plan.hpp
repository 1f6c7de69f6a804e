#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "apps/sweep/grid.hpp"

namespace nelbo {

/// A run of a sweep: the name of its folder, which says what differs and begins with a number of its
/// own, and the words of its command, without those that say where and on how many threads.
struct SweepRun {
  std::string name;
  std::vector<std::string> words;
};

/// The runs of these combinations in the folder of a sweep. Runs that sweep.json of the folder tells of
/// keep their names; others get further numbers. Throws Error where sweep.json is damaged.
std::vector<SweepRun> plan_sweep(const std::filesystem::path& folder,
                                 const std::vector<std::string>& words,
                                 const std::vector<Combination>& choices);

/// Those that sweep.json of a folder tells of; none where there is no such file. Throws Error where it is damaged.
std::vector<SweepRun> planned_runs(const std::filesystem::path& folder);

/// Throws Error where the folder holds anything that is not of a sweep.
void check_sweep_folder(const std::filesystem::path& folder);

/// runs/sweep-N, the first that does not exist.
std::filesystem::path new_sweep_folder();

}  // namespace nelbo
