#include "apps/train/run_result.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "apps/cli/progress.hpp"
#include "apps/reports/metrics_json.hpp"
#include "autodiff/instruction_set.hpp"
#include "autodiff/threads.hpp"

namespace nelbo {
namespace {

using Row = std::array<std::string, 5>;  // a name and four columns

Row row(const char* name, const Metrics& m) {
  const auto number = [](double value) { return fmt::format("{:.3f}", value); };
  return {name, number(m.bound), number(m.elbo()), number(m.nell), number(m.div)};
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

}  // namespace

nlohmann::ordered_json to_json(const RunResult& result) {
  return {{"run", result.folder.path().string()},
          {"objective", result.objective},
          {"epochs", result.epochs},
          {"steps", result.steps},
          {"train", to_json(result.train)},
          {"test", to_json(result.test)},
          {"seconds", result.seconds},
          {"examples_per_second", result.examples_per_second},
          {"seed", result.seed},
          {"isa", active_isa()},
          {"threads", num_threads()}};
}

std::string result_text(const RunResult& result) {
  std::string text = table(
      {{"", "bound", "elbo", "nell", "div"}, row("train", result.train), row("test", result.test)});
  text += fmt::format("{} epochs, {} steps in {}, {:.0f} examples/s\nrun: {}\n", result.epochs,
                      result.steps, duration_text(result.seconds), result.examples_per_second,
                      result.folder.path().string());
  if (std::filesystem::exists(result.folder.image("samples"))) {
    text += "pictures: " + (result.folder.path() / "images").string() + "\n";
  }
  return text;
}

}  // namespace nelbo
