#pragma once
#include <cstddef>
#include <string>

namespace nelbo {

/// A share of a command's items 0, 1, ...: those whose number leaves `number` when divided by `of`.
struct Shard {
  std::size_t number = 0, of = 1;

  bool takes(std::size_t item) const { return item % of == number; }
  std::string text() const;  // "3/16"
};

/// Reads "i/n", i = 0 to n - 1. "auto" is the task of a job array of Slurm, number (TASK_ID - TASK_MIN) /
/// TASK_STEP of TASK_COUNT; "auto/n" takes the task's index alone (SLURM_ARRAY_TASK_ID, PBS_ARRAY_INDEX or
/// PBS_ARRAYID), so that single shards can be run again. Throws SettingError of `shard` for anything else,
/// and where what the scheduler says does not agree.
Shard read_shard(const std::string& text);

}  // namespace nelbo
