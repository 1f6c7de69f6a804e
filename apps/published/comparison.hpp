#pragma once
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "apps/train/preset_use.hpp"
#include "apps/verify/check.hpp"
#include "lab/statistics/mean_and_error.hpp"
#include "lab/training/run_folder.hpp"

namespace nelbo {

/// Another number of the same run, which a source tells beside its own.
struct BesideNumber {
  std::string what;  // "log P(x) by 10000 importance samples"
  MeanAndError value;
};

/// What a run came to, beside what is published of its preset. Nats per datum, with the source's sign.
struct Comparison {
  Preset preset;
  Recipe recipe;
  MeanAndError ours;
  std::string what;   // "-log P(x) by 5000 importance samples"
  std::string split;  // of the run's data
  std::size_t examples = 0;
  std::optional<BesideNumber> beside;  // of the same examples
  std::vector<std::string> differs;    // from the preset: settings, and "data"
  std::vector<verify::Check> checks;   // of a study, each number beside what theory says
};

/// The preset that a run was begun with, as run.json has it, and the settings that were changed since;
/// nothing where it had none. Throws Error for a run.json that is damaged.
std::optional<PresetUse> preset_of(const RunFolder& folder);

/// Evaluates a finished run as the source of its preset evaluates, and writes published.json into its
/// folder. Nothing where its preset has nothing to compare with, or a signal came meanwhile. Throws
/// Error as open_run does.
std::optional<Comparison> compare_with_source(const RunFolder& folder, bool quiet);

/// The same of a preset that is a study of a world, which has no training; the folder may be new.
std::optional<Comparison> compare_study(const Preset& preset, const Recipe& recipe,
                                        std::uint64_t seed, const std::filesystem::path& folder,
                                        bool quiet);

/// What was evaluated, and as the last line "published 84.78, ours 85.31 +- 0.25 (tolerance 0.5)".
std::string comparison_text(const Comparison& comparison);
nlohmann::ordered_json to_json(const Comparison& comparison);

/// The heading of a table of comparisons, and a line of it, as CSV.
std::string comparisons_heading();
std::string comparison_line(const Comparison& comparison, const std::string& run,
                            std::uint64_t seed);

/// A published number: with two decimals, or as many as it has.
std::string published_text(double value);

}  // namespace nelbo
