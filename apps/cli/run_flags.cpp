#include "apps/cli/run_flags.hpp"

#include <algorithm>
#include <iostream>
#include <utility>
#include <vector>

#include "apps/cli/with_flags.hpp"
#include "autodiff/nearest_name.hpp"
#include "autodiff/setting_error.hpp"
#include "lab/training/run_data.hpp"

namespace nelbo {
namespace {

const data::Split& chosen_split(const data::Dataset& data, const std::string& name) {
  if (name.empty()) {
    const data::Split* test = data.find("test");
    return test != nullptr ? *test : data.splits.front();
  }
  if (const data::Split* split = data.find(name)) return *split;
  std::vector<std::string> known;
  for (const data::Split& split : data.splits) known.push_back(split.name);
  throw SettingError("split", data.spec + " has no '" + name + "'; " + suggest(name, known));
}

}  // namespace

void add_run_flags(CommandLine& command, RunFlags& flags, const std::string& seed_help) {
  command
      .flag("RUN", flags.run,
            "run folder, or one checkpoint in it (RUN/checkpoints/best.safetensors)")
      .required()
      .type("");
  add_common_flags(command, flags.common, seed_help);
}

void add_data_flags(CommandLine& command, RunFlags& flags) {
  command.flag("--data", flags.data, "other data of the same shape [the run's own]").type("SPEC");
  command
      .flag("--label", flags.label,
            "the column or array of labels of the data, or none [the run's own, or what is clearly "
            "labels]")
      .type("NAME");
  command.flag("--split", flags.split, "train, test, ... [test; all if --data brings none]")
      .type("NAME");
}

void add_condition_flag(CommandLine& command, RunFlags& flags, const std::string& otherwise) {
  command
      .flag(
          "--condition", flags.condition,
          "what a conditional model makes data of: a label, a class of each factor, or the numbers "
          "of its columns [" +
              otherwise + "]")
      .type("X,...");
}

Tensor chosen_conditions(const RunFlags& flags, const TrainConfig& config, std::int64_t n) {
  const data::Condition condition = condition_of(config);
  if (!condition.any()) {
    if (flags.condition.empty()) return Tensor(Shape{0});
    throw SettingError("condition", "the model takes none; leave it out");
  }
  std::vector<std::vector<float>> turns;
  if (!flags.condition.empty()) {
    turns.push_back(condition.parse(flags.condition));
  } else if (condition.of == "labels") {
    for (const std::int64_t label : condition.classes)
      turns.push_back(condition.parse(std::to_string(label)));
  } else {
    throw SettingError("condition", "is missing: the model is conditioned on " + condition.of +
                                        "; give " + std::to_string(condition.values()) +
                                        " numbers, with commas between them");
  }
  const Tensor rows({n, std::int64_t(condition.size())});
  float* to = rows.data_as<float>();
  for (std::int64_t i = 0; i < n; ++i) {
    to = std::ranges::copy(turns[std::size_t(i) % turns.size()], to).out;
  }
  return rows;
}

Tensor chosen_conditions_of_codes(const RunFlags& flags, const TrainConfig& config,
                                  std::int64_t n) {
  const data::Condition condition = condition_of(config);
  if (!condition.inferred || !flags.condition.empty()) return chosen_conditions(flags, config, n);
  return Tensor::full({n, std::int64_t(condition.size())}, 0, DType::f32);
}

bool is_of_whole_run(const std::string& run, const RunFlags& flags) {
  return !run.ends_with(".safetensors") && flags.data.empty() && flags.split.empty();
}

void tell(const std::string& note) {
  if (!note.empty()) std::cerr << "note: " << with_flags(note) << "\n";
}

AppliedRun apply_run(const RunFlags& flags, Part part) {
  flags.common.apply_threads();
  LoadedRun run = open_run(flags.run, {flags.data, flags.label}, part);
  for (const std::string& note : run.notes) tell(note);
  Examples examples = run.examples(chosen_split(*run.data, flags.split));
  const std::uint64_t seed = flags.seed(run.config);
  return {std::move(run), std::move(examples), seed};
}

}  // namespace nelbo
