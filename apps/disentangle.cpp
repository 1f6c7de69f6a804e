#include <fmt/format.h>

#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "apps/cli/commands.hpp"
#include "apps/cli/print_json.hpp"
#include "apps/cli/run_flags.hpp"
#include "apps/disentangle/compare_runs.hpp"
#include "apps/disentangle/piece_item.hpp"
#include "apps/disentangle/run_points.hpp"
#include "apps/disentangle/show.hpp"
#include "apps/exit_code.hpp"
#include "apps/reports/found_of_run.hpp"
#include "apps/reports/mean_text.hpp"
#include "apps/reports/run_report.hpp"
#include "apps/shards/work.hpp"
#include "autodiff/instruction_set.hpp"
#include "autodiff/joined.hpp"
#include "autodiff/setting_error.hpp"
#include "autodiff/threads.hpp"
#include "lab/evaluation/disentanglement/evaluation_pieces.hpp"
#include "lab/files/one_line.hpp"
#include "lab/training/run_folder.hpp"

namespace nelbo {
namespace {

using disentanglement::Dialect;
using disentanglement::Evaluation;
using disentanglement::EvaluationOptions;
using disentanglement::EvaluationPieces;
using disentanglement::Points;

struct DisentangleFlags {
  std::vector<std::string> runs;
  RunFlags run;  // without its name
  std::string codes;
  std::string like = "nelbo";
  std::optional<std::int64_t> samples;
  ShardFlags shards;

  std::vector<RunFlags> each_run() const {
    std::vector<RunFlags> all;
    for (const std::string& name : runs) {
      all.push_back(run);
      all.back().run = name;
    }
    return all;
  }
  std::uint64_t seed() const { return std::uint64_t(run.common.seed.value_or(0)); }
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
  if (flags.codes.empty()) return run_points(flags.each_run().front());
  flags.run.common.apply_threads();
  return file_points(flags.codes);
}

void keep_in_run(const std::string& run, const nlohmann::ordered_json& found) {
  const RunFolder folder = RunFolder::open(run);
  if (!keep_found(run, folder.disentanglement(), found)) return;
  leave_report(folder);
  tell(data::one_line(fmt::format("matrices and metrics are shown in {}", folder.report())));
}

/// Throws SettingError for what --like cannot be asked of.
void check_encoded(const Points& points, const std::string& name, Dialect like) {
  if (like != Dialect::chen || !points.log_variances.empty()) return;
  throw SettingError(
      "like", data::one_line("chen needs the log-variances of Q(Z|x), and " + name +
                             " has none; a file has them as 'log_variance' [N, D] beside 'mean'"));
}

void show(const DisentangleFlags& flags, const NamedPoints& of, const Evaluation& evaluation) {
  nlohmann::ordered_json object{{"of", of.name}, {"like", flags.like}};
  object.update(to_json(evaluation));
  object.update({{"seed", flags.seed()}, {"threads", num_threads()}});
  if (flags.kept()) keep_in_run(flags.runs.front(), object);
  if (flags.run.common.json) return print_json(object);
  std::cout << data::one_line(fmt::format("{}, {} of {} and {} ({})", of.name,
                                          counted(evaluation.count, "point"),
                                          counted(of.read.points.dimensions, "code"),
                                          counted(of.read.points.factors.size(), "factor"),
                                          joined(evaluation.factors, ", ")))
            << "\n\n"
            << to_text(evaluation)
            << "\n+- is one standard error. Ceiling: the same metric of a perfect code on these "
               "factors; floor: of noise.\n";
}

int disentangle(const DisentangleFlags& flags) {
  check(flags);
  if (flags.runs.size() > 1) return compare_runs(flags.each_run(), flags.shards);
  NamedPoints of = points_of(flags);
  for (const std::string& note : of.read.notes) tell(note);
  const EvaluationOptions options{.like = dialect_of(flags.like),
                                  .samples = std::size_t(flags.samples.value_or(0)),
                                  .seed = flags.seed()};
  for (const std::string& rare : disentanglement::rare_values(of.read.points)) {
    tell("few points: " + data::one_line(rare) + "; what is said of them is noisy");
  }
  const EvaluationPieces pieces(of.read.points, options);
  const std::string identity =
      fmt::format("{}, like {}, samples {}, seed {}, isa {}", of.identity, flags.like,
                  options.samples == 0 ? "as usual" : std::to_string(options.samples), options.seed,
                  active_isa());
  const Done done = work_through({identity, pieces.count(),
                                  [&](std::size_t piece, ItemResult& result) {
                                    // Gathering needs no codes, nor does a shard that is there.
                                    check_encoded(of.encoded(), of.name, options.like);
                                    result = item_of(pieces.compute(piece));
                                    return true;
                                  }},
                                 flags.shards);
  if (done.exit_code) return *done.exit_code;
  std::vector<disentanglement::PieceResult> results;
  for (const ItemResult& item : done.results) results.push_back(piece_of(item));
  show(flags, of, pieces.put_together(std::move(results)));
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

With --shard i/n every n-th piece is computed: metrics, and the boosted trees of each factor, which
take most of the time; of several runs the codes of every n-th. Each shard encodes the data anew,
unless it is given --codes.

Examples:
  nelbo disentangle runs/conv64-sprites-beta_tcvae-s0
  nelbo disentangle --codes codes.npz --json
  nelbo disentangle --codes codes.npz --like disentanglement_lib --samples 10000
  nelbo disentangle runs/beta4-s0 runs/beta4-s1 runs/beta4-s2
  nelbo disentangle runs/NAME --shard auto/16     # a task of sbatch --array=0-15)help";

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
  add_shard_flags(command, flags->shards);
  command.footer(disentangle_footer);
  return [flags] { return disentangle(*flags); };
}

}  // namespace

Command disentangle_command() {
  return {"disentangle", "How codes stand to the factors of the data: every metric, with its error",
          declare_disentangle};
}

}  // namespace nelbo
