#include "apps/train/run_result.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "apps/cli/progress.hpp"
#include "apps/reports/metrics_json.hpp"
#include "autodiff/instruction_set.hpp"
#include "autodiff/threads.hpp"
#include "lab/files/one_line.hpp"

namespace nelbo {
namespace {

std::string row(const char* name, const Metrics& m) {
  return fmt::format("{:<6} {:>11.3f} {:>11.3f} {:>11.3f} {:>11.3f}\n", name, m.objective, m.elbo(),
                     m.nell, m.div);
}

constexpr const char* shown_splits =
    "train: the mean over the last epoch's batches, each as the model was then; else: the model at "
    "its "
    "end";

}  // namespace

std::string shown_objective(const Term& objective) {
  return objective.direction() == Direction::cost
             ? objective.text() + ", a cost, with its sign turned"
             : objective.text();
}

nlohmann::ordered_json to_json(const RunResult& result) {
  nlohmann::ordered_json json{{"run", result.folder.path().string()},
                              {"objective", result.objective},
                              {"objective_shown", result.objective_shown},
                              {"epochs", result.epochs},
                              {"steps", result.steps},
                              {"train", to_json(result.train)},
                              {"test", to_json(result.test)},
                              {"seconds", result.seconds},
                              {"examples_per_second", result.examples_per_second},
                              {"seed", result.seed},
                              {"isa", active_isa()},
                              {"threads", num_threads()}};
  if (result.validation) json["valid"] = to_json(*result.validation);
  return json;
}

std::string result_text(const RunResult& result) {
  std::string text = fmt::format("{:<6} {:>11} {:>11} {:>11} {:>11}  nats per datum\n", "",
                                 "objective", "elbo", "nell", "div");
  text += row("train", result.train);
  if (result.validation) text += row("valid", *result.validation);
  text += row("test", result.test);
  text += fmt::format("objective: {}\n{}\n", result.objective_shown, shown_splits);
  text += fmt::format("{} epochs, {} steps in {}, {:.0f} examples/s\nrun: {}\n", result.epochs,
                      result.steps, duration_text(result.seconds), result.examples_per_second,
                      data::one_line(result.folder.path().string()));
  std::error_code ignored;
  if (std::filesystem::exists(result.folder.image("samples"), ignored)) {
    text += "pictures: " + data::one_line((result.folder.path() / "images").string()) + "\n";
  }
  return text;
}

}  // namespace nelbo
