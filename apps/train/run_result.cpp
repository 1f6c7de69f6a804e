#include "apps/train/run_result.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "apps/cli/progress.hpp"
#include "apps/reports/mean_text.hpp"
#include "apps/reports/metrics_json.hpp"
#include "autodiff/instruction_set.hpp"
#include "autodiff/threads.hpp"
#include "lab/files/one_line.hpp"

namespace nelbo {
namespace {

using Row = std::array<std::string, 5>;  // a name and four columns

Row row(const char* name, const Metrics& m) {
  const auto number = [](double value) { return fmt::format("{:.3f}", value); };
  return {name, number(m.objective), number(m.elbo()), number(m.nell), number(m.div)};
}

/// Columns are as wide as their numbers ask for, and two blanks.
std::string table(const std::vector<Row>& rows) {
  constexpr std::size_t narrowest = 11;
  std::string text;
  for (const Row& row : rows) {
    text += fmt::format("{:<6}", row[0]);
    for (std::size_t column = 1; column < row.size(); ++column) {
      std::size_t width = narrowest;
      for (const Row& other : rows) width = std::max(width, other[column].size() + 2);
      text += fmt::format("{:>{}}", row[column], width);
    }
    text += &row == &rows.front() ? "  nats per datum\n" : "\n";
  }
  return text;
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
  if (!result.end.empty()) json["ended"] = result.end;
  if (result.validation) json["valid"] = to_json(*result.validation);
  return json;
}

std::string result_text(const RunResult& result) {
  std::vector<Row> rows{{"", "objective", "elbo", "nell", "div"}, row("train", result.train)};
  if (result.validation) rows.push_back(row("valid", *result.validation));
  rows.push_back(row("test", result.test));
  std::string text = table(rows);
  text += fmt::format("objective: {}\n{}\n", result.objective_shown, shown_splits);
  if (!result.end.empty()) text += "ended: " + result.end + "\n";
  text += fmt::format("{}, {} in {}, {:.0f} examples/s\nrun: {}\n", counted(result.epochs, "epoch"),
                      counted(result.steps, "step"), duration_text(result.seconds),
                      result.examples_per_second, data::one_line(result.folder.path().string()));
  std::error_code ignored;
  if (std::filesystem::exists(result.folder.image("samples"), ignored)) {
    text += "pictures: " + data::one_line((result.folder.path() / "images").string()) + "\n";
  }
  return text;
}

}  // namespace nelbo
