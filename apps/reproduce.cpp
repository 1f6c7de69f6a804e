#include <fmt/format.h>

#include <filesystem>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "apps/cli/commands.hpp"
#include "apps/cli/common_flags.hpp"
#include "apps/cli/print_json.hpp"
#include "apps/cli/read_json.hpp"
#include "apps/cli/run_flags.hpp"
#include "apps/cli/signals.hpp"
#include "apps/cli/words_given.hpp"
#include "apps/exit_code.hpp"
#include "apps/published/comparison.hpp"
#include "apps/train/presets.hpp"
#include "apps/train/train_flags.hpp"
#include "apps/train/training_run.hpp"
#include "autodiff/setting_error.hpp"
#include "lab/data/load.hpp"
#include "lab/files/one_line.hpp"

namespace nelbo {
namespace {

namespace fs = std::filesystem;

struct ReproduceOptions {
  std::string preset;
  std::string recipe = "paper";
  std::optional<std::string> data, out;
  std::string table = "runs/published.csv";
  CommonFlags common;

  std::uint64_t seed() const { return std::uint64_t(common.seed.value_or(0)); }
  /// One for each recipe and seed, so that the same words go on with it.
  fs::path folder() const {
    return out ? fs::path(*out)
               : fs::path("runs") / fmt::format("{}-{}-s{}", preset, recipe, seed());
  }
};

/// Throws SettingError where the folder is not of this preset, recipe, seed and data.
void check_folder(const RunFolder& folder, const ReproduceOptions& options) {
  const auto use = preset_of(folder);
  const std::string path = folder.path().string();
  if (!use || use->name != options.preset || use->recipe != options.recipe) {
    throw SettingError("out",
                       fmt::format("{} is a run of {}; name another folder", path,
                                   use ? "the preset " + use->name + ", recipe " + use->recipe
                                       : std::string("no preset")));
  }
  const TrainConfig config = read_config(folder);
  if (config.seed != options.seed()) {
    throw SettingError(
        "seed", fmt::format("{} is of seed {}; name another folder with --out", path, config.seed));
  }
  if (options.data && data::absolute_spec(*options.data) != config.data) {
    throw SettingError(
        "data", fmt::format("{} is of {}; name another folder with --out", path, config.data));
  }
}

bool is_finished(const RunFolder& folder) {
  std::error_code none;
  if (!fs::exists(folder.record(), none)) return false;
  const nlohmann::ordered_json record = read_json_object(folder.record());
  const auto status = record.find("status");
  return status != record.end() && *status == "finished";
}

/// Trains what is left to be trained; returns an exit code.
int train(const ReproduceOptions& options, const fs::path& path) {
  RunOptions run{.quiet = options.common.quiet, .argv = words_given()};
  std::error_code none;
  if (fs::exists(path / "config.toml", none)) {
    const RunFolder folder = RunFolder::open(path);
    check_folder(folder, options);
    if (is_finished(folder)) {
      tell(path.string() + ": the run is finished, and evaluated again");
      return exit_done;
    }
    return resume_run(path, {}, run).exit_code;
  }
  TrainFlags flags;
  flags.preset = options.preset;
  flags.recipe = options.recipe;
  flags.common.seed = options.common.seed;
  if (options.data) flags.settings.emplace_back("data", *options.data);
  const TrainConfig config = merged_config(flags);
  run.preset = preset_use(flags, config);
  return start_run(resolve(config), path, run).exit_code;
}

/// A line that is there already, of a run that was evaluated before, is not added again.
void add_to_table(const std::string& table, const std::string& line) {
  std::error_code failure;
  const fs::path folder = fs::path(table).parent_path();
  if (!folder.empty()) fs::create_directories(folder, failure);
  if (!fs::exists(table, failure)) {
    append_line(table, comparisons_heading());
  } else if (fmt::format("\n{}", read_text(table)).find(fmt::format("\n{}\n", line)) !=
             std::string::npos) {
    return;
  }
  append_line(table, line);
}

int reproduce(const ReproduceOptions& options) {
  const Preset& preset = preset_named(options.preset);
  const Recipe& recipe = preset.recipe(options.recipe);
  if (preset.evaluation.by.empty()) {
    throw SettingError("", fmt::format("of {0} nothing is published; train it with `nelbo train "
                                       "--preset {0}`",
                                       preset.name));
  }
  if (preset.evaluation.by == "study" && options.data) {
    throw SettingError("data", preset.name + " is a study of a world, which has no data");
  }
  const fs::path path = options.folder();
  install_signal_handlers();
  options.common.apply_threads();
  std::optional<Comparison> comparison;
  if (preset.evaluation.by == "study") {
    comparison = compare_study(preset, recipe, options.seed(), path, options.common.quiet);
  } else {
    if (const int code = train(options, path); code != exit_done) return code;
    comparison = compare_with_source(RunFolder::open(path), options.common.quiet);
  }
  if (!comparison) {
    std::cerr << "interrupted while evaluating; the same command goes on\n";
    return exit_code_of_signal(pending_signal());
  }
  add_to_table(options.table, comparison_line(*comparison, path.string(), options.seed()));
  if (options.common.json) {
    nlohmann::ordered_json object = to_json(*comparison);
    object["run"] = path.string();
    object["table"] = options.table;
    print_json(object);
  } else {
    std::cout << data::one_line(fmt::format("run: {}, table: {}", path.string(), options.table))
              << "\n"
              << comparison_text(*comparison);
  }
  return exit_done;
}

constexpr const char* reproduce_footer =
    R"help(The run's folder is runs/PRESET-RECIPE-sSEED. Where it is there the run goes on, or is
evaluated again if it is finished: after Ctrl-C the same command continues. What was compared
stands in published.json of the folder, and as a line in the table. Presets that are studies of a
world have no training and no other files.

JSON: {"preset", "recipe", "source", "evidence", "published", "published_error", "tolerance",
"lower_is_better", "beside", "ours": {"value", "se"}, "ours_beside": {"value", "se", "what"} or
null, "what", "split", "examples", "differs", "differs_from_source", "checks": [{"name", "exact",
"value", "se", "z"}], "minutes", "run", "table"}.

Examples:
  nelbo reproduce rainforth
  nelbo reproduce iwae-1 --recipe hour --data mnist/
  nelbo reproduce vamp-dynamic-gaussian-fashion --recipe hour --table published.csv)help";

Action declare_reproduce(CommandLine& command) {
  auto options = std::make_shared<ReproduceOptions>();
  command.flag("PRESET", options->preset, "what to reproduce; `nelbo presets` lists them")
      .required()
      .type("");
  command
      .flag("--recipe", options->recipe,
            "paper, as the source trains, or hour, what an hour is enough for")
      .type("NAME")
      .otherwise("paper");
  command.flag("--data", options->data, "the folder of data that are not part of nelbo (MNIST)")
      .type("SPEC");
  command.flag("--out", options->out, "the run folder [runs/PRESET-RECIPE-sSEED]").type("DIR");
  command.flag("--table", options->table, "the CSV file that a line is added to")
      .type("FILE")
      .otherwise(options->table);
  add_common_flags(command, options->common, "seed of everything random [0]");
  command.footer(reproduce_footer);
  return [options] { return reproduce(*options); };
}

}  // namespace

Command reproduce_command() {
  return {"reproduce", "Train, evaluate and compare as a published table did", declare_reproduce};
}

}  // namespace nelbo
