#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "apps/reports/profile_report.hpp"
#include "apps/train/preset_use.hpp"
#include "apps/train/run_goal.hpp"
#include "apps/train/run_result.hpp"
#include "lab/training/batch_in_parts.hpp"
#include "lab/training/train_plan.hpp"

namespace nelbo {

/// What does not touch the result of a run.
struct RunOptions {
  bool quiet = false;  // no header, no progress
  /// Every so many steps gradient_snr.jsonl gets a line; 0: never.
  std::uint64_t log_gradient_snr = 0;
  /// Every so many epochs pictures are drawn; 0: at the end of an epoch, 10 s or more after the last.
  std::uint64_t pictures = 0;
  bool profile = false;  // of this process's part
  Memory memory = Memory::ample;
  std::vector<std::string> argv;                   // for run.json
  std::optional<PresetUse> preset = std::nullopt;  // of a new run
};

/// How a run, or a process's part in it, ended.
struct RunEnd {
  int exit_code;  // of apps/exit_code.hpp: done, not finite, interrupted, terminated
  std::optional<RunResult> result;                      // of one that is done
  std::optional<ProfileReport> profile = std::nullopt;  // where it was asked for
};

/// Trains as `config` says in a new run folder; "" stands for runs/<run_name>. Throws SettingError for
/// settings that cannot be meant, Error for bad data or a failure while running.
RunEnd start_run(TrainPlan plan, const std::filesystem::path& out, const RunOptions& options);

/// Continues a run from its last checkpoint, or from the beginning if it was killed before the
/// first, to the same bits as a run that was never interrupted. Returns and throws as start_run
/// does, and Error where another process trains in the folder or a checkpoint is lost or damaged.
RunEnd resume_run(const std::filesystem::path& run, const Further& further,
                  const RunOptions& options);

}  // namespace nelbo
