#include "apps/published/comparison.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <utility>

#include "apps/ais/annealed_run.hpp"
#include "apps/cli/print_json.hpp"
#include "apps/cli/progress_line.hpp"
#include "apps/cli/read_json.hpp"
#include "apps/cli/signals.hpp"
#include "apps/published/studies.hpp"
#include "apps/train/presets.hpp"
#include "autodiff/instruction_set.hpp"
#include "lab/evaluation/bound_lattice.hpp"
#include "lab/evaluation/standard_errors.hpp"
#include "lab/training/loaded_run.hpp"

namespace nelbo {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

/// The mean over the pixels of the training examples, to tell one data set from another: what is held out of
/// them moves it by less.
constexpr double same_mean = 0.003;

bool same_data(const Preset& preset, const LoadedRun& run) {
  if (!preset.data_mean) return true;
  std::int64_t count = 0;
  for (const data::Split& split : run.data->splits) count += split.images.count();
  if (count != preset.data_count) return false;
  const std::vector<double> means = run.examples(run.data->split("train")).moments().mean.values();
  double sum = 0;
  for (const double mean : means) sum += mean;
  return std::fabs(sum / double(means.size()) - *preset.data_mean) < same_mean;
}

std::string weighted_name(const Evaluation& evaluation) {
  return fmt::format("log P(x) by {} importance samples", evaluation.samples);
}

/// Nothing where a signal came.
std::optional<MeanAndError> importance_weighted(const AppliedRun& applied, std::int64_t samples,
                                                bool quiet) {
  ProgressLine progress("evaluation", progress_style(quiet));
  const auto lattice =
      estimate_lattice(*applied.run.model, applied.examples, applied.examples.count(),
                       {{1, samples}}, applied.seed, [&](double share) {
                         progress.update(share);
                         return pending_signal() == 0;
                       });
  progress.finish();
  if (!lattice) return std::nullopt;
  return lattice->rows.front().value;
}

/// What an evaluation comes to: the number that is published, and one beside it.
struct Found {
  std::string what;
  MeanAndError value;
  std::optional<BesideNumber> beside;
  std::vector<PartialFile> partial;  // to be removed when all is kept
};

/// Nothing where a signal came.
std::optional<Found> annealed_and_weighted(AppliedRun applied, const Evaluation& evaluation,
                                           bool quiet) {
  AisOptions options{.temperatures = evaluation.temperatures,
                     .examples = std::int64_t(applied.examples.count())};
  options.flags.common.quiet = quiet;
  AnnealedRun run = annealed(std::move(applied), options);
  if (anneal(run, options)) return std::nullopt;
  const auto weighted = importance_weighted(run.applied, evaluation.samples, quiet);
  if (!weighted) return std::nullopt;
  return Found{
      fmt::format("log P(x) by annealed importance sampling from the encoder, {} temperatures "
                  "and {} chains",
                  options.temperatures, options.chains),
      run.log_px->mean("log_px"), BesideNumber{weighted_name(evaluation), *weighted},
      std::move(run.partial)};
}

/// Nothing where a signal came.
std::optional<Found> evaluated(AppliedRun applied, const Evaluation& evaluation, bool quiet) {
  if (evaluation.by == "ais") return annealed_and_weighted(std::move(applied), evaluation, quiet);
  if (evaluation.by == "iw") {
    const auto value = importance_weighted(applied, evaluation.samples, quiet);
    return value ? std::optional(Found{weighted_name(evaluation), *value}) : std::nullopt;
  }
  return Found{"elbo", estimate_terms(*applied.run.model, applied.examples, applied.seed).elbo};
}

/// Writes published.json: the comparison and what else belongs to it.
void keep(const Comparison& comparison, const fs::path& folder, const Json& more) {
  Json record = to_json(comparison);
  record.update(more);
  write_file_atomically((folder / "published.json").string(), json_text(record));
}

Json record_of(const RunFolder& folder) {
  std::error_code none;
  if (!std::filesystem::exists(folder.record(), none)) return Json::object();
  return read_json_object(folder.record());
}

}  // namespace

std::optional<PresetUse> preset_of(const RunFolder& folder) {
  const Json record = record_of(folder);
  const auto found = record.find("preset");
  if (found == record.end()) return std::nullopt;
  PresetUse use;
  try {
    use.name = found->at("name").get<std::string>();
    use.recipe = found->at("recipe").get<std::string>();
    use.differs = found->at("differs").get<std::vector<std::string>>();
    if (record.contains("resumed")) {
      for (const Json& part : record.at("resumed")) {
        if (!part.contains("changed")) continue;
        for (const auto& [setting, change] : part.at("changed").items()) {
          use.differs.push_back(setting);
        }
      }
    }
  } catch (const nlohmann::json::exception&) {
    throw Error(folder.record() + ": what it says of the run's preset is damaged");
  }
  const Preset& preset = preset_named(use.name);
  TrainConfig own;
  preset.apply(own, preset.recipe(use.recipe));
  const TrainConfig config = read_config(folder);
  for (const auto& [name, same] : {std::pair{"epochs", config.epochs == own.epochs},
                                   std::pair{"steps", config.steps == own.steps}}) {
    if (!same) use.differs.push_back(name);
  }
  std::sort(use.differs.begin(), use.differs.end());
  use.differs.erase(std::unique(use.differs.begin(), use.differs.end()), use.differs.end());
  return use;
}

std::optional<Comparison> compare_with_source(const RunFolder& folder, bool quiet) {
  const auto use = preset_of(folder);
  if (!use) return std::nullopt;
  const Preset& preset = preset_named(use->name);
  const Evaluation& evaluation = preset.evaluation;
  if (evaluation.by.empty()) return std::nullopt;
  LoadedRun run = open_run(folder.best());
  Examples examples = run.examples(run.data->split(evaluation.split));
  const std::size_t count = examples.count();
  const std::uint64_t seed = run.config.seed;
  const bool same = same_data(preset, run);
  const auto found = evaluated({std::move(run), std::move(examples), seed}, evaluation, quiet);
  if (!found) return std::nullopt;
  Comparison comparison{.preset = preset,
                        .recipe = preset.recipe(use->recipe),
                        .ours = found->value,
                        .what = found->what,
                        .split = evaluation.split,
                        .examples = count,
                        .beside = found->beside,
                        .differs = use->differs};
  if (evaluation.cost) {
    comparison.ours.mean = -comparison.ours.mean;
    comparison.what = "-" + comparison.what;
  }
  if (!same) comparison.differs.insert(comparison.differs.begin(), "data");
  const Json of_run = record_of(folder);
  Json more;
  for (const char* key : {"seed", "epochs", "steps", "seconds", "version", "isa"}) {
    if (of_run.contains(key)) more[key] = of_run[key];
  }
  keep(comparison, folder.path(), more);
  for (const PartialFile& partial : found->partial) partial.remove();
  return comparison;
}

std::optional<Comparison> compare_study(const Preset& preset, const Recipe& recipe,
                                        std::uint64_t seed, const fs::path& folder, bool quiet) {
  const auto start = std::chrono::steady_clock::now();
  std::optional<std::vector<verify::Check>> checks = run_study(preset.name, seed, quiet);
  if (!checks) return std::nullopt;
  const verify::Check& first = checks->front();
  Comparison comparison{.preset = preset,
                        .recipe = recipe,
                        .ours = {first.value, first.se},
                        .what = first.name,
                        .checks = *checks};
  std::error_code failure;
  fs::create_directories(folder, failure);
  if (failure) throw Error(folder.string() + ": cannot be made: " + failure.message());
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  keep(comparison, folder,
       {{"seed", seed},
        {"seconds", seconds.count()},
        {"version", NELBO_VERSION},
        {"isa", active_isa()}});
  return comparison;
}

}  // namespace nelbo
