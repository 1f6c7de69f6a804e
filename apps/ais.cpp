#include <algorithm>
#include <exception>
#include <filesystem>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "apps/ais/annealed_run.hpp"
#include "apps/ais/curve.hpp"
#include "apps/ais/show.hpp"
#include "apps/cli/commands.hpp"
#include "apps/cli/print_json.hpp"
#include "apps/cli/ranks_here.hpp"
#include "apps/cli/refusal.hpp"
#include "apps/cli/run_flags.hpp"
#include "apps/cli/signals.hpp"
#include "apps/exit_code.hpp"
#include "apps/reports/example_table.hpp"
#include "apps/reports/found_of_run.hpp"
#include "autodiff/setting_error.hpp"
#include "lab/evaluation/standard_errors.hpp"
#include "lab/files/atomic_file.hpp"
#include "lab/training/run_folder.hpp"

namespace nelbo {
namespace {

void check(const AisOptions& options, const std::vector<std::string>& given) {
  const auto has = [&](const char* flag) { return std::ranges::count(given, flag) > 0; };
  if (options.rate_distortion) {
    for (const char* flag : {"--from", "--bdmc", "--per-example"}) {
      if (!has(flag)) continue;
      throw SettingError("", std::string(flag) +
                                 " does not go with --rate-distortion, whose path "
                                 "begins at the prior and has a curve to tell");
    }
  } else {
    for (const char* flag : {"--distortion", "--beta-max"}) {
      if (has(flag)) throw SettingError("", std::string(flag) + " is for --rate-distortion alone");
    }
  }
  if (options.runs.size() < 2) return;
  for (const char* flag : {"--rate-distortion", "--per-example", "--shard"}) {
    if (has(flag)) throw SettingError("", std::string(flag) + " is for one RUN at a time");
  }
}

ExampleTable table_of(const AnnealedRun& run) {
  ExampleTable table = table_of(
      terms_by_example(*run.applied.run.model, run.applied.examples, run.count, run.applied.seed),
      run.applied.examples.split());
  for (const char* name : {"log_px", "se", "ess"}) {
    table.columns.emplace_back(name, run.log_px->column(name));
  }
  return table;
}

int finish_curve(const AnnealedRun& run, const AisOptions& options) {
  const nlohmann::ordered_json curve = curve_json(run, options);
  if (options.flags.common.json) {
    print_json(curve);
  } else {
    print_curve(run, options);
  }
  if (const std::string what = not_finite(run); !what.empty()) return refuse_not_finite(what);
  if (options.distortion == "nell" && is_of_whole_run(options.runs.front(), options.flags)) {
    // The page of `nelbo report` draws it beside what encoders reach.
    const RunFolder folder = RunFolder::open(run.applied.run.folder);
    keep_found(folder.path().string(), folder.rate_distortion(), curve);
  }
  return exit_done;
}

int finish(const std::vector<AnnealedRun>& runs, const AisOptions& options) {
  show(runs, options);
  for (const AnnealedRun& run : runs) {
    if (const std::string what = not_finite(run); !what.empty()) return refuse_not_finite(what);
  }
  if (!options.per_example.empty()) write_table(options.per_example, table_of(runs.front()));
  return exit_done;
}

int ais(const AisOptions& options, const std::vector<std::string>& given) {
  check(options, given);
  check_table("per_example", options.per_example);
  std::vector<AnnealedRun> runs;
  for (const std::string& run : options.runs) {
    runs.push_back(open_annealed(options, run));
    check_same_examples(runs.front(), runs.back());
  }
  install_signal_handlers();
  for (AnnealedRun& run : runs) {
    if (const auto code = anneal(run, options)) return *code;
  }
  if (!ranks_here().first()) return exit_done;
  const int code =
      options.rate_distortion ? finish_curve(runs.front(), options) : finish(runs, options);
  for (const AnnealedRun& run : runs) {
    for (const PartialFile& partial : run.partial) partial.remove();
  }
  return code;
}

constexpr const char* ais_footer =
    R"help(Annealed importance sampling after Wu, Burda, Salakhutdinov & Grosse (2017): chains pass from
Q(Z|x), or the prior, to P(x, z) by Hamiltonian moves of 10 leapfrogs, one at each temperature of
a sigmoid schedule. A pilot of 2 chains tunes a step size for each temperature and example; the
chains that count take them as they are, so that the estimate of P(x) is unbiased and that of log
P(x) a lower bound in expectation. Codes must be continuous.

--bdmc takes as many examples that the model makes, whose codes are exact draws of P(z|x), and
passes both ways: a lower and an upper bound. Their gap, which falls like 1 / temperatures, tells
how far the lower bound may be off on data like the model's.

--rate-distortion passes from the prior to P0(z) exp(-beta d(x, z)), beta up to --beta-max: the
least rate of any encoder for each distortion, of this prior and decoder. RUN/rate_distortion.json
keeps the curve of nell of a RUN's own data for nelbo report, which draws it beside what trained
encoders reach.

Several RUN: also the difference of each to the first, example by example, which is far better
known than the means. An interrupted command leaves what is done in RUN/ais-*.partial; the same
command goes on there, and removes it at the end.

JSON: {"log_px": {"value", "se", "se_chains", "lower_bound": true}, "temperatures", "chains",
"acceptance": [10 tenths of the path], "ess", "bdmc": {"lower", "upper", "gap", ...} or null,
"examples", ...}; of several {"runs": [...], "differences": [{"run", "from", "value", "se"}]};
with --rate-distortion {"curve": [{"beta", "rate", "distortion", ...}], "h_data", ...}.

Examples:
  nelbo ais runs/burda-mnist-elbo-s0 --temperatures 100
  nelbo ais runs/burda-mnist-elbo-s0 runs/burda-mnist-iw-s0 --examples 200
  nelbo ais runs/burda-mnist-elbo-s0 --bdmc --examples 100 --json
  nelbo ais runs/burda-mnist-elbo-s0 --rate-distortion --examples 100
  nelbo ais runs/burda-mnist-elbo-s0 --shard auto/16     # a task of sbatch --array=0-15)help";

Action declare_ais(CommandLine& command) {
  auto options = std::make_shared<AisOptions>();
  command
      .flag("RUN", options->runs,
            "run folders, or checkpoints in them (RUN/checkpoints/best.safetensors)")
      .required()
      .type("...");
  add_common_flags(command, options->flags.common, "of starts and moves [the run's own]");
  add_data_flags(command, options->flags);
  command.flag("--from", options->from, "where chains begin: encoder or prior")
      .type("NAME")
      .one_of({"encoder", "prior"})
      .otherwise("encoder");
  command.number("--temperatures", options->temperatures, 1, 100'000,
                 "steps from there to P(x, z)");
  command.number("--chains", options->chains, 2, 1024, "for each example");
  command.number("--examples", options->examples, 1, INT64_MAX, "only the first N examples");
  command.flag("--bdmc", options->bdmc, "also bounds from both sides, on data of the model");
  command.flag("--rate-distortion", options->rate_distortion,
               "instead the decoder's own rate-distortion curve, in one pass");
  command.flag("--distortion", options->distortion, "nell, -log P(x|z), or squared, |x - E[X|z]|^2")
      .type("NAME")
      .one_of({"nell", "squared"})
      .otherwise("nell");
  command.real("--beta-max", options->beta_max, 0, 1e6, "where the curve ends");
  add_table_flag(command, options->per_example, "nell, div, elbo, log_px, se (chains) and ess");
  add_shard_flags(command, options->shards);
  command.footer(ais_footer);
  return [options, command] { return ais(*options, command.given()); };
}

}  // namespace

Command ais_command() {
  return {"ais", "Bounds on log p(x) by annealed importance sampling, from one side or both",
          declare_ais};
}

}  // namespace nelbo
