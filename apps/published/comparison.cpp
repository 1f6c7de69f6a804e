#include "apps/published/comparison.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "apps/cli/print_json.hpp"
#include "apps/cli/progress_line.hpp"
#include "apps/cli/read_json.hpp"
#include "apps/cli/signals.hpp"
#include "apps/reports/mean_text.hpp"
#include "apps/train/presets.hpp"
#include "autodiff/instruction_set.hpp"
#include "autodiff/threads.hpp"
#include "lab/evaluation/bound_lattice.hpp"
#include "lab/evaluation/standard_errors.hpp"
#include "lab/files/one_line.hpp"
#include "lab/training/loaded_run.hpp"

namespace nelbo {
namespace {

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

/// Nothing where a signal came.
std::optional<MeanAndError> importance_weighted(const LoadedRun& run, const Examples& examples,
                                                std::int64_t samples, bool quiet) {
  ProgressLine progress("evaluation", progress_style(quiet));
  const auto lattice = estimate_lattice(*run.model, examples, examples.count(), {{1, samples}},
                                        run.config.seed, [&](double share) {
                                          progress.update(share);
                                          return pending_signal() == 0;
                                        });
  progress.finish();
  if (!lattice) return std::nullopt;
  return lattice->rows.front().value;
}

std::string what_of(const Evaluation& evaluation) {
  const std::string sign = evaluation.cost ? "-" : "";
  return evaluation.by == "iw"
             ? fmt::format("{}log P(x) by {} importance samples", sign, evaluation.samples)
             : sign + "elbo";
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
  const LoadedRun run = open_run(folder.best());
  const Examples examples = run.examples(run.data->split(evaluation.split));
  std::optional<MeanAndError> value =
      evaluation.by == "iw" ? importance_weighted(run, examples, evaluation.samples, quiet)
                            : estimate_terms(*run.model, examples, run.config.seed).elbo;
  if (!value) return std::nullopt;
  if (evaluation.cost) value->mean = -value->mean;
  Comparison comparison{.preset = preset,
                        .recipe = preset.recipe(use->recipe),
                        .ours = *value,
                        .what = what_of(evaluation),
                        .split = evaluation.split,
                        .examples = examples.count(),
                        .differs = use->differs};
  if (!same_data(preset, run)) comparison.differs.insert(comparison.differs.begin(), "data");
  Json record = to_json(comparison);
  const Json of_run = record_of(folder);
  for (const char* key : {"version", "isa", "seconds", "epochs", "steps", "seed"}) {
    if (of_run.contains(key)) record[key] = of_run[key];
  }
  write_file_atomically((folder.path() / "published.json").string(), json_text(record));
  return comparison;
}

std::string comparison_text(const Comparison& c) {
  std::string text =
      data::one_line(fmt::format("{}, recipe {}: {} of {} ({}), nats per datum", c.preset.name,
                                 c.recipe.name, c.what, c.split, counted(c.examples, "example"))) +
      "\nsource: " + c.preset.source + "\n";
  if (!c.preset.beside.empty()) text += "beside: " + c.preset.beside + "\n";
  const std::string ours = "ours " + mean_text(c.ours, 2);
  if (c.preset.published) {
    text += "published " + published_text(*c.preset.published);
    if (c.preset.published_error) text += " +- " + published_text(*c.preset.published_error);
    text += ", " + ours;
    if (c.recipe.tolerance) text += fmt::format(" (tolerance {})", *c.recipe.tolerance);
  } else {
    text += "published: not verified, " + ours;
  }
  if (!c.differs.empty()) {
    text += fmt::format("; differs from the preset: {}", fmt::join(c.differs, ", "));
  }
  return text + "\n";
}

Json to_json(const Comparison& c) {
  const auto number = [](const std::optional<double>& value) {
    return value ? Json(*value) : Json(nullptr);
  };
  return {{"preset", c.preset.name},
          {"recipe", c.recipe.name},
          {"source", c.preset.source},
          {"evidence", c.preset.evidence},
          {"published", number(c.preset.published)},
          {"published_error", number(c.preset.published_error)},
          {"tolerance", number(c.recipe.tolerance)},
          {"lower_is_better", c.preset.evaluation.cost},
          {"beside", c.preset.beside},
          {"ours", {{"value", c.ours.mean}, {"se", c.ours.standard_error}}},
          {"what", c.what},
          {"split", c.split},
          {"examples", c.examples},
          {"differs", c.differs},
          {"differs_from_source", c.preset.differs},
          {"minutes", c.recipe.minutes}};
}

std::string published_text(double value) {
  const std::string shortest = fmt::format("{}", value), two = fmt::format("{:.2f}", value);
  return shortest.size() > two.size() ? shortest : two;
}

}  // namespace nelbo
