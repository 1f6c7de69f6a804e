#include <fmt/format.h>

#include <chrono>
#include <cmath>
#include <iostream>
#include <iterator>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "apps/cli/commands.hpp"
#include "apps/cli/print_json.hpp"
#include "apps/cli/progress_line.hpp"
#include "apps/cli/ranks_here.hpp"
#include "apps/cli/refusal.hpp"
#include "apps/cli/signals.hpp"
#include "apps/exit_code.hpp"
#include "apps/gradvar/measured_cell.hpp"
#include "apps/gradvar/wanted.hpp"
#include "apps/reports/study_files.hpp"
#include "apps/reports/tables.hpp"
#include "apps/shards/work.hpp"
#include "autodiff/instruction_set.hpp"
#include "autodiff/setting_error.hpp"
#include "autodiff/threads.hpp"
#include "lab/files/atomic_file.hpp"
#include "lab/files/one_line.hpp"
#include "lab/files/xxh64.hpp"
#include "lab/studies/slopes.hpp"
#include "objectives/language/read_estimators.hpp"

namespace nelbo {
namespace {

using namespace gradvar;

/// Theory beside the rows of a cell.
void add_theory(const Subject& subject, const StudyCell& cell, std::vector<Row>& rows) {
  for (Row& row : rows) {
    for (const EstimatorChoice& choice : cell.estimators) {
      if (choice.text() != row.estimator) continue;
      subject.add_theory(cell, choice, row);
      break;
    }
  }
}

/// All that a study of these cells depends on.
std::string identity(const Options& options, const Subject& subject,
                     const std::vector<StudyCell>& cells) {
  const ParameterStore& store = subject.model.model.store();
  const Tensor x = subject.model.x.contiguous();
  Xxh64 numbers;
  numbers.update(store.data(), store.size() * size_of(store.dtype()));
  numbers.update(x.data(), std::size_t(x.size()) * size_of(x.dtype()));
  std::string text = fmt::format(
      "{}, {} replicates, {} data{} of '{}' '{}', seed {}, isa {}, parameters and data {},",
      subject.name, options.replicates, subject.model.batch(),
      options.resample ? ", anew each time," : "", options.run.data, options.run.split,
      options.run.common.seed.value_or(0), active_isa(), numbers.hex());
  for (const StudyCell& cell : cells) {
    text += fmt::format(" {} k={}:", cell.title(), cell.k);
    for (const EstimatorChoice& choice : cell.estimators) text += " " + choice.text();
  }
  return text;
}

/// The cells' rows and mean gradients: measured one by one until a signal, as a shard, or of the parts that
/// are gathered.
Done measure(const Options& options, const Subject& subject, const std::vector<StudyCell>& cells) {
  ProgressLine progress("gradvar", progress_style(options.run.common.quiet));
  std::vector<double> before{0};
  for (const StudyCell& cell : cells) before.push_back(before.back() + double(cell.samples()));
  const auto compute = [&](std::size_t i, ItemResult& result) {
    MeasuredCell measured;
    ReplicateOptions replicate{
        .replicates = std::uint64_t(options.replicates),
        .seed = std::uint64_t(options.run.common.seed.value_or(0)),
        .workers = num_threads(),
        .progress =
            [&](double share) {
              progress.update((before[i] + share * (before[i + 1] - before[i])) / before.back());
            },
        .stop = [] { return pending_signal() != 0; }};
    if (!options.out.empty() || !options.shards.shard.empty()) {
      replicate.gradient = [&](const MeanGradient& gradient) {
        measured.gradients.push_back(gradient);
      };
    }
    measured.rows = run_replicates(subject.model, cells[i], replicate);
    if (pending_signal() != 0) return false;
    result = result_of(measured);
    return true;
  };
  return work_through({identity(options, subject, cells), cells.size(), compute}, options.shards);
}

struct StudyResult {
  Study study;
  std::vector<MeanGradient> gradients;
  std::optional<int> exit_code;  // of a shard, which has nothing to show, or of a signal
};

StudyResult run_study(const Options& options) {
  const auto [subject, wanted] = gradvar::wanted(options);
  const StudyCells plan = plan_cells(wanted, subject.model);
  install_signal_handlers();
  const auto start = std::chrono::steady_clock::now();
  Study study{.subject = subject.name,
              .objective = wanted.objective,
              .reference = parse_estimators(wanted.reference).text(),
              .replicates = std::uint64_t(options.replicates),
              .batch = std::uint64_t(subject.model.batch()),
              .resample = options.resample,
              .seed = std::uint64_t(options.run.common.seed.value_or(0)),
              .isa = active_isa(),
              .threads = num_threads()};
  const Done done = measure(options, subject, plan.cells);
  StudyResult found{.exit_code = done.exit_code};
  for (std::size_t i = 0; i < done.results.size(); ++i) {
    if (done.results[i].text.empty()) break;  // a signal came
    MeasuredCell measured = cell_of(done.results[i]);
    add_theory(subject, plan.cells[i], measured.rows);
    study.rows.insert(study.rows.end(), measured.rows.begin(), measured.rows.end());
    std::move(measured.gradients.begin(), measured.gradients.end(),
              std::back_inserter(found.gradients));
  }
  study.rows.insert(study.rows.end(), plan.undefined.begin(), plan.undefined.end());
  study.slopes = slopes_of(study.rows);
  for (Slope& slope : study.slopes) slope.theory = slope_theory(slope);
  study.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  found.study = std::move(study);
  return found;
}

int gradvar_command(Options options) {
  const bool shard = !options.shards.shard.empty();
  if (shard) options.shards.out = options.out;
  if (!shard && !options.out.empty()) {
    read_setting("out", [&] { check_output_folder(options.out); });
  }
  options.run.common.apply_threads();
  const auto [study, gradients, exit_code] = run_study(options);
  if (shard) return *exit_code;
  if (!ranks_here().first()) return exit_code.value_or(exit_done);
  // What was finished before Ctrl-C is kept.
  if (!options.out.empty()) write_study(study, options.out, gradients);
  if (options.run.common.json) {
    print_json(json_of(study));
  } else {
    std::cout << text_report(study);
    if (!options.out.empty()) {
      std::cout << "\n" << data::one_line(options.out + "/report.html") << "\n";
    }
  }
  if (exit_code) return *exit_code;
  for (const Row& row : study.rows) {
    if (!row.defined()) continue;
    if (std::isfinite(row.variance.mean) && std::isfinite(row.mean_norm.mean)) continue;
    return refuse_not_finite(fmt::format("the gradient of {} by {} for {}, m = {},", row.group,
                                         row.estimator, row.bound, row.m));
  }
  return exit_done;
}

const char* const gradvar_footer =
    R"help(For every bound, number of samples and estimator, of theta (decoder), phi (encoder) and each
layer: norm of the mean gradient, total variance, signal-to-noise ratio (debiased, beside its
floor), time, a test for bias on common random numbers, and slopes over m and k beside theory.
An objective's gradients come from the code that trains, and are of the objective as it is
written: of a cost such as nell + 4*div the cost's, of a gain such as iw(m=8) the gain's.
Estimators are for the bounds in it; other terms are differentiated as they are (reparam).
What is not defined is listed with the reason. docs/gradient-variance.md says how to read it.

JSON: {"objective", "resample", "rows": [{"bound" (or objective), "estimator", "m", "k", "group",
"mean_norm", "variance", "snr", "snr_norm", "snr_floor", "dsnr", "bias_t", "us_per_gradient",
"reference", "exact", "asymptote", "undefined"}],
"slopes": [{"bound", "estimator", "group", "axis", "slope", "se", "theory"}]}.

Examples:
  nelbo gradvar --world rainforth --m 16,64,256 --replicates 100000
  nelbo gradvar --world rainforth --bounds iw --m 4 --k 1,4,16 --out study
  nelbo gradvar --world discrete --bounds elbo --k 2,4,8
  nelbo gradvar --world linear-gaussian --objective "tc(full)" --batch 512 --resample
  nelbo gradvar --run runs/NAME
  nelbo gradvar --run runs/NAME --objective "nell + 4*div" --resample --replicates 1000
  nelbo gradvar --run runs/NAME --m 1,4,16,64,256 --shard auto/5      # a task of a job array
  nelbo gradvar --run runs/burda-mnist-elbo-s0 --bounds "elbo,iw(8),iw(64)" \
    --estimators "reparam,stl,dreg,score,vimco" --replicates 1000)help";

void declare_studied(CommandLine& command, Options& options) {
  command
      .flag("--world", options.world,
            "a model whose gradients are known: rainforth, linear-gaussian or discrete "
            "[rainforth]")
      .type("NAME")
      .one_of({"rainforth", "linear-gaussian", "discrete"});
  command.flag("--run", options.run.run, "a trained model: the folder of a run").type("RUN");
  add_data_flags(command, options.run);
  command
      .flag("--bounds", options.bounds,
            "bounds on log P(x): names, which take --m, or expressions such as "
            "\"iw(8)\" [of a world elbo,iw]")
      .type("LIST");
  command
      .flag("--objective", options.objective,
            "an objective as `nelbo train` takes it, instead of bounds [of a run its own]")
      .type("EXPR");
  command
      .flag("--estimators", options.estimators,
            "gradient estimators, also by group (phi=dreg,theta=piwae) and with coupled "
            "noise (reparam+antithetic, stl+rqmc); `nelbo objectives` lists them "
            "[reparam,stl,dreg; of discrete codes score,rloo,vimco,disarm,...; and that of "
            "the run, of its own objective]")
      .type("LIST");
  command.numbers("--m", options.m, most_samples, "importance samples of --bounds [1,4,16,64]");
  command.numbers("--k", options.k, most_samples,
                  "copies of the bound that are averaged, of --bounds [1]");
}

Action declare_gradvar(CommandLine& command) {
  auto options = std::make_shared<Options>();
  declare_studied(command, *options);
  command.number("--replicates", options->replicates, 4, 1'000'000'000,
                 "gradients of each combination");
  command.number("--batch", options->batch, 1, 1 << 20,
                 "data, drawn once by the seed [20; of rainforth 1, of discrete 3]");
  command.flag("--resample", options->resample,
               "data drawn anew for every replicate: examples of the split, or a world's own");
  command
      .flag("--reference", options->reference,
            "the estimator that bias is tested against [reparam; of discrete codes "
            "score]")
      .type("NAME");
  command
      .flag("--out", options->out,
            "a folder for study.json, study.csv, gradients.npz (the mean gradients by "
            "parameter), report.html and its figures; with --shard, the part's file")
      .type("DIR");
  add_shard_flags(command, options->shards, /*out=*/false);
  add_common_flags(command, options->run.common, "of data and noise [0]");
  command.footer(gradvar_footer);
  return [options] { return gradvar_command(*options); };
}

}  // namespace

Command gradvar_command() {
  return {"gradvar", "Compare gradient estimators: variance, signal-to-noise ratio, bias, time",
          declare_gradvar};
}

}  // namespace nelbo
