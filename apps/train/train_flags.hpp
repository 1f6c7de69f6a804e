#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "apps/cli/common_flags.hpp"
#include "apps/train/preset_use.hpp"
#include "lab/training/run_config.hpp"

namespace nelbo {

/// What the command line of `train` says; nothing where it is silent, so that presets and files are
/// not overruled.
struct TrainFlags {
  CommonFlags common;
  std::vector<std::pair<std::string, std::string>> settings;  // as they are given, in their order
  std::optional<std::string> out, config, preset, recipe, like, resume;
  std::string memory = "ample";
  std::optional<std::int64_t> epochs, steps, log_gradient_snr, pictures;
  std::vector<std::uint64_t> seeds;  // one run of each
  std::vector<std::string> changes;
  bool profile = false;
};

/// Declares them. `flags` must live until the command has run.
void declare_train_flags(CommandLine& command, TrainFlags& flags);

/// Defaults or the settings of another run, then the preset, then the file, then the flags. Of another
/// model than that run's its networks are not taken over. Throws SettingError, also where a preset wants data that
/// nobody names, and Error where that run
/// cannot be read.
TrainConfig merged_config(const TrainFlags& flags);

/// What becomes of the preset that the flags name in a run with these settings; nothing where they name none.
std::optional<PresetUse> preset_use(const TrainFlags& flags, const TrainConfig& merged);

}  // namespace nelbo
