#include "apps/train/train_seeds.hpp"

#include <fmt/format.h>

#include <cmath>
#include <functional>
#include <iostream>
#include <nlohmann/json.hpp>

#include "apps/cli/print_json.hpp"
#include "apps/cli/ranks_here.hpp"
#include "apps/cli/signals.hpp"
#include "apps/exit_code.hpp"
#include "apps/published/comparison.hpp"
#include "apps/reports/mean_text.hpp"
#include "autodiff/joined.hpp"
#include "autodiff/setting_error.hpp"
#include "lab/training/run_folder.hpp"

namespace nelbo {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

/// A number of a run's test examples, nats per datum.
struct Column {
  const char* name;
  std::function<double(const Metrics&)> of;
};

const std::vector<Column>& columns() {
  static const std::vector<Column> all{{"objective", [](const Metrics& m) { return m.objective; }},
                                       {"elbo", [](const Metrics& m) { return m.elbo(); }},
                                       {"nell", [](const Metrics& m) { return m.nell; }},
                                       {"div", [](const Metrics& m) { return m.div; }}};
  return all;
}

struct Spread {
  double mean;
  double deviation;  // of the sample; NaN of one run
};

Spread over_runs(const std::vector<RunResult>& results, const Column& column) {
  RunningMean values;
  for (const RunResult& one : results) values.add(column.of(one.test));
  const MeanAndError found = values.result();
  return {found.mean, found.standard_error * std::sqrt(double(results.size()))};
}

std::string line(const std::string& name, const std::function<double(const Column&)>& value) {
  std::string text = fmt::format("{:<10}", name);
  for (const Column& column : columns()) {
    text += fmt::format("{:>12}", fixed_text(value(column), 3));
  }
  return text + "\n";
}

std::string seeds_text(const std::vector<RunResult>& results) {
  std::string text = fmt::format("{:<10}", "test");
  for (const Column& column : columns()) text += fmt::format("{:>12}", column.name);
  text += "  nats per datum\n";
  for (const RunResult& one : results) {
    text += line(fmt::format("seed {}", one.seed),
                 [&](const Column& column) { return column.of(one.test); });
  }
  text += line("mean", [&](const Column& column) { return over_runs(results, column).mean; });
  text +=
      line("deviation", [&](const Column& column) { return over_runs(results, column).deviation; });
  return text + "objective: " + results.front().objective_shown + "\n";
}

Json seeds_json(const std::vector<RunResult>& results) {
  Json json;
  for (const RunResult& one : results) json["runs"].push_back(to_json(one));
  for (const Column& column : columns()) {
    const Spread spread = over_runs(results, column);
    json["test"][column.name] = {{"mean", spread.mean}, {"deviation", spread.deviation}};
  }
  return json;
}

}  // namespace

int train_seeds(const TrainPlan& plan, const std::vector<std::uint64_t>& seeds, const fs::path& out,
                const RunOptions& options, bool json) {
  std::error_code unknown;
  if (!out.empty() && fs::exists(out / "config.toml", unknown)) {
    throw SettingError(
        "out", out.string() + " is the folder of a run; name another for the runs of seeds");
  }
  std::vector<std::pair<TrainPlan, fs::path>> runs;
  for (const std::uint64_t seed : seeds) {
    TrainPlan one = plan;
    one.config.seed = seed;
    const fs::path folder =
        out.empty() ? fs::path("runs") / run_name(one.config) : out / fmt::format("s{}", seed);
    RunFolder::at(folder);  // a folder that is taken is told before anything is trained
    runs.emplace_back(std::move(one), folder);
  }
  std::vector<RunResult> results;
  int exit_code = exit_done;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const RunEnd end = start_run(runs[i].first, runs[i].second, options);
    if (end.result) results.push_back(*end.result);
    if (end.exit_code == exit_done) continue;
    exit_code = end.exit_code;
    if (exit_code == exit_not_finite) continue;  // the other seeds may be
    const std::span<const std::uint64_t> left = std::span(seeds).subspan(i + 1);
    if (!left.empty()) {
      std::cerr << "not begun: --seeds " << joined(left, ",") << "\n";
    }
    break;
  }
  if (results.empty() || !ranks_here().first()) return exit_code;
  if (!json) std::cout << seeds_text(results) << std::flush;
  Json comparisons = Json::array();
  for (const RunResult& one : results) {
    if (pending_signal() != 0) break;
    const auto comparison = compare_with_source(one.folder, options.quiet);
    if (!comparison) continue;
    comparisons.push_back(to_json(*comparison));
    if (!json) std::cout << fmt::format("seed {}: ", one.seed) << comparison_text(*comparison);
  }
  if (json) {
    Json object = seeds_json(results);
    if (!comparisons.empty()) object["comparisons"] = comparisons;
    print_json(object);
  }
  if (exit_code == exit_done && pending_signal() != 0) {
    return exit_code_of_signal(pending_signal());
  }
  return exit_code;
}

}  // namespace nelbo
