#pragma once
#include <cstdint>
#include <string>

#include "apps/cli/common_flags.hpp"
#include "autodiff/tensor.hpp"
#include "lab/training/loaded_run.hpp"

namespace nelbo {

/// What the commands that apply a trained model take: RUN [--data SPEC] [--split NAME] and the
/// common flags.
struct RunFlags {
  std::string run;
  std::string data;       // empty: the run's own
  std::string label;      // what is no feature of the data; empty: as the run says
  std::string condition;  // of what the model makes; empty: see chosen_conditions
  std::string split;      // empty: "test", or the first split of data that have none
  CommonFlags common;

  /// --seed, or the run's own.
  std::uint64_t seed(const TrainConfig& config) const {
    return common.seed ? std::uint64_t(*common.seed) : config.seed;
  }
};

/// Whether what is found is the folder's own, for its report: no checkpoint's, nor of other data.
bool is_of_whole_run(const std::string& run, const RunFlags& flags);

/// RUN and the common flags.
void add_run_flags(CommandLine& command, RunFlags& flags, const std::string& seed_help);
/// --data, --label and --split.
void add_data_flags(CommandLine& command, RunFlags& flags);

/// --condition, of a command that makes data; `otherwise` says what is taken without it.
void add_condition_flag(CommandLine& command, RunFlags& flags, const std::string& otherwise);
/// Conditions [n, C] of n data: all of them the one that the flag names, or without it the labels in turn.
/// Empty for a model that takes none. Throws SettingError where there is one and should not be, or the
/// other way round.
Tensor chosen_conditions(const RunFlags& flags, const TrainConfig& config, std::int64_t n);
/// The same of codes that hold labels of their own: without a condition none is told.
Tensor chosen_conditions_of_codes(const RunFlags& flags, const TrainConfig& config, std::int64_t n);

/// A trained model and the examples that the flags name.
struct AppliedRun {
  LoadedRun run;
  Examples examples;   // of a split of run.data
  std::uint64_t seed;  // --seed, or the run's own
};

/// Prints a note on stderr.
void tell(const std::string& note);

/// Sets the threads and opens the run, telling its notes. Throws SettingError for a split that there
/// is not, and as open_run does.
AppliedRun apply_run(const RunFlags& flags, Part part = Part::model);

}  // namespace nelbo
