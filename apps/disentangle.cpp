#include <fmt/format.h>

#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "apps/cli/commands.hpp"
#include "apps/cli/print_json.hpp"
#include "apps/cli/run_flags.hpp"
#include "apps/disentangle/run_points.hpp"
#include "apps/disentangle/show.hpp"
#include "apps/exit_code.hpp"
#include "apps/reports/found_of_run.hpp"
#include "apps/reports/mean_text.hpp"
#include "apps/reports/run_report.hpp"
#include "apps/reports/table.hpp"
#include "autodiff/joined.hpp"
#include "autodiff/setting_error.hpp"
#include "autodiff/threads.hpp"
#include "lab/evaluation/disentanglement/evaluation.hpp"
#include "lab/evaluation/disentanglement/udr.hpp"
#include "lab/files/one_line.hpp"
#include "lab/training/run_folder.hpp"

namespace nelbo {
namespace {

using disentanglement::Dialect;
using disentanglement::Points;

struct DisentangleFlags {
  std::vector<std::string> runs;
  RunFlags run;  // without its name
  std::string codes;
  std::string like = "nelbo";
  std::optional<std::int64_t> samples;

  /// Whether a run's report shows what is found: of a whole folder, as it stands.
  bool kept() const {
    return runs.size() == 1 && is_of_whole_run(runs.front(), run) && like == "nelbo";
  }
};

Dialect dialect_of(const std::string& like) {
  if (like == "disentanglement_lib") return Dialect::disentanglement_lib;
  if (like == "chen") return Dialect::chen;
  return Dialect::nelbo;
}

/// Throws SettingError for what cannot be asked together.
void check(const DisentangleFlags& flags) {
  const bool file = !flags.codes.empty();
  if (file == !flags.runs.empty()) {
    throw SettingError(file ? "codes" : "",
                       file ? "is asked of a file, and RUN of a run; leave one out"
                            : "name a RUN, or a file: --codes FILE.npz");
  }
  if (flags.runs.size() > 1 && flags.like != "nelbo") {
    throw SettingError("like", "is of the metrics of one RUN; several are compared by UDR");
  }
  if (!file) return;
  for (const auto& [name, value] :
       {std::pair{"data", &flags.run.data}, std::pair{"split", &flags.run.split},
        std::pair{"label", &flags.run.label}}) {
    if (!value->empty())
      throw SettingError(name, "is of a RUN; the points of --codes are those of the file");
  }
}

NamedPoints points_of(const DisentangleFlags& flags) {
  if (flags.codes.empty()) {
    RunFlags run = flags.run;
    run.run = flags.runs.front();
    return run_points(run);
  }
  flags.run.common.apply_threads();
  return {disentanglement::read_codes(flags.codes), flags.codes};
}

/// How alike the codes of several runs are.
int compare(const DisentangleFlags& flags) {
  std::vector<Points> models;
  for (const std::string& name : flags.runs) {
    RunFlags run = flags.run;
    run.run = name;
    models.push_back(run_codes(run).read.points);
    if (models.back().count() == models.front().count()) continue;
    throw Error(data::one_line(fmt::format("{}: {} points, and {} has {}; name the same --data",
                                           name, models.back().count(), flags.runs.front(),
                                           models.front().count())));
  }
  const std::uint64_t seed = std::uint64_t(flags.run.common.seed.value_or(0));
  const disentanglement::Udr udr = disentanglement::udr(models, seed);
  if (flags.run.common.json) {
    nlohmann::ordered_json runs = nlohmann::ordered_json::array();
    for (std::size_t i = 0; i < flags.runs.size(); ++i) {
      runs.push_back(
          {{"run", flags.runs[i]},
           {"udr", {{"value", udr.lasso[i].value}, {"se", udr.lasso[i].standard_error}}},
           {"udr.spearman",
            {{"value", udr.spearman[i].value}, {"se", udr.spearman[i].standard_error}}}});
    }
    print_json({{"n", models.front().count()}, {"runs", runs}, {"seed", seed}});
    return exit_done;
  }
  Table table{.names = 1, .header = {"run", "UDR lasso", "+-", "UDR spearman", "+-"}, .rows = {}};
  for (std::size_t i = 0; i < flags.runs.size(); ++i) {
    table.rows.push_back({data::one_line(flags.runs[i]), fixed_text(udr.lasso[i].value, 4),
                          fixed_text(udr.lasso[i].standard_error, 4),
                          fixed_text(udr.spearman[i].value, 4),
                          fixed_text(udr.spearman[i].standard_error, 4)});
  }
  std::cout << aligned(table)
            << fmt::format(
                   "\nMedian likeness of each run's codes to those of the others, {} points; of "
                   "equal models .9 "
                   "(lasso)\nand 1 (spearman). Errors are over the points, not over seeds.\n",
                   models.front().count());
  return exit_done;
}

void keep_in_run(const std::string& run, const nlohmann::ordered_json& found) {
  const RunFolder folder = RunFolder::open(run);
  if (!keep_found(run, folder.disentanglement(), found)) return;
  leave_report(folder);
  tell(data::one_line(fmt::format("matrices and metrics are shown in {}", folder.report())));
}

int disentangle(const DisentangleFlags& flags) {
  check(flags);
  if (flags.runs.size() > 1) return compare(flags);
  const NamedPoints of = points_of(flags);
  const Points& points = of.read.points;
  for (const std::string& note : of.read.notes) tell(note);
  const Dialect like = dialect_of(flags.like);
  if (like == Dialect::chen && points.log_variances.empty()) {
    throw SettingError(
        "like",
        data::one_line("chen needs the log-variances of Q(Z|x), and " + of.name +
                       " has none; a file has them as 'log_variance' [N, D] beside 'mean'"));
  }
  for (const std::string& rare : disentanglement::rare_values(points)) {
    tell("few points: " + data::one_line(rare) + "; what is said of them is noisy");
  }
  const std::uint64_t seed = std::uint64_t(flags.run.common.seed.value_or(0));
  const disentanglement::Evaluation evaluation = disentanglement::evaluate(
      points, {.like = like, .samples = std::size_t(flags.samples.value_or(0)), .seed = seed});
  nlohmann::ordered_json object{{"of", of.name}, {"like", flags.like}};
  object.update(to_json(evaluation));
  object.update({{"seed", seed}, {"threads", num_threads()}});
  if (flags.kept()) keep_in_run(flags.runs.front(), object);
  if (flags.run.common.json) {
    print_json(object);
  } else {
    std::cout << data::one_line(fmt::format(
                     "{}, {} of {} and {} ({})", of.name, counted(points.count(), "point"),
                     counted(points.dimensions, "code"), counted(points.factors.size(), "factor"),
                     joined(evaluation.factors, ", ")))
              << "\n\n"
              << to_text(evaluation)
              << "\n+- is one standard error. Ceiling: the same metric of a perfect code on these "
                 "factors; floor: of noise.\n";
  }
  return exit_done;
}

constexpr const char* disentangle_footer =
    R"help(Of a run: means and log-variances of Q(Z|x) on all of its data; of sprites on a grid of 46,080
(--data sprites:full: 737,280). FILE.npz of anybody's model has arrays codes [N, D], or mean and
log_variance, and factors [N, K]; what `nelbo encode` writes will do. In a FILE.csv the columns
named factor... are factors, log_variance... those of Q(Z|x), and all others codes. Factors of
more than 200 values are continuous.

What is found of a run is kept in its folder, and its report shows it.

--like says whose definitions the names have: disentanglement_lib's (20 bins of equal width, no
correction of bias, ...) or Chen et al.'s MIG of samples. docs/metrics.md says what every number
means, when it lies and which paper used it.

JSON: {"n", "factors", "active", "metrics": {NAME: {"value", "se", "ceiling", "floor",
"variant"}}, "matrices": {NAME: [[...]]}, ...}; a row of a matrix is a code, a column a factor. Of
several runs {"n", "runs": [{"run", "udr", "udr.spearman"}]}.

Examples:
  nelbo disentangle runs/conv64-sprites-beta_tcvae-s0
  nelbo disentangle --codes codes.npz --json
  nelbo disentangle --codes codes.npz --like disentanglement_lib --samples 10000
  nelbo disentangle runs/beta4-s0 runs/beta4-s1 runs/beta4-s2)help";

Action declare_disentangle(CommandLine& command) {
  auto flags = std::make_shared<DisentangleFlags>();
  command
      .flag("RUN", flags->runs,
            "run folder, or one checkpoint in it; several of one kind are compared with each "
            "other: UDR")
      .type("");
  command.flag("--codes", flags->codes, "codes and factors of any model, instead of a run")
      .type("FILE");
  command.flag("--like", flags->like, "whose definitions [nelbo]")
      .one_of({"nelbo", "disentanglement_lib", "chen"});
  command.number("--samples", flags->samples, 10, 100'000'000,
                 "samples of z, or with --like disentanglement_lib points [10000]");
  add_common_flags(command, flags->run.common, "of samples, permutations and votes [0]");
  add_data_flags(command, flags->run);
  command.footer(disentangle_footer);
  return [flags] { return disentangle(*flags); };
}

}  // namespace

Command disentangle_command() {
  return {"disentangle", "How codes stand to the factors of the data: every metric, with its error",
          declare_disentangle};
}

}  // namespace nelbo
