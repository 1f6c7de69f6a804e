#include <fmt/format.h>

#include <chrono>
#include <cmath>
#include <functional>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "apps/cli/commands.hpp"
#include "apps/cli/print_json.hpp"
#include "apps/cli/progress_line.hpp"
#include "apps/cli/refusal.hpp"
#include "apps/cli/signals.hpp"
#include "apps/exit_code.hpp"
#include "apps/gradvar/wanted.hpp"
#include "apps/reports/study_files.hpp"
#include "apps/reports/tables.hpp"
#include "autodiff/instruction_set.hpp"
#include "autodiff/setting_error.hpp"
#include "autodiff/threads.hpp"
#include "lab/files/atomic_file.hpp"
#include "lab/files/one_line.hpp"
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

/// Measures cell by cell, until a signal. `gradient` takes mean gradients, where somebody asks.
void run_cells(const Subject& subject, const std::vector<StudyCell>& cells, Study& study,
               const std::function<void(const MeanGradient&)>& gradient) {
  ProgressLine progress("gradvar", progress_style(false));
  double all = 0, done = 0;
  for (const StudyCell& cell : cells) all += double(cell.samples());
  for (const StudyCell& cell : cells) {
    const double work = double(cell.samples());
    const ReplicateOptions replicate{
        .replicates = study.replicates,
        .seed = study.seed,
        .workers = num_threads(),
        .progress = [&](double share) { progress.update((done + share * work) / all); },
        .gradient = gradient,
        .stop = [] { return pending_signal() != 0; }};
    std::vector<Row> rows = run_replicates(subject.model, cell, replicate);
    if (pending_signal() != 0) break;
    add_theory(subject, cell, rows);
    study.rows.insert(study.rows.end(), rows.begin(), rows.end());
    done += work;
  }
}

Study run_study(const Options& options, std::vector<MeanGradient>& gradients) {
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
  std::function<void(const MeanGradient&)> keep;
  if (!options.out.empty()) {
    keep = [&](const MeanGradient& gradient) { gradients.push_back(gradient); };
  }
  run_cells(subject, plan.cells, study, keep);
  study.rows.insert(study.rows.end(), plan.undefined.begin(), plan.undefined.end());
  study.slopes = slopes_of(study.rows);
  for (Slope& slope : study.slopes) slope.theory = slope_theory(slope);
  study.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return study;
}

int gradvar_command(const Options& options) {
  if (!options.out.empty()) read_setting("out", [&] { check_output_folder(options.out); });
  options.run.common.apply_threads();
  std::vector<MeanGradient> gradients;
  const Study study = run_study(options, gradients);
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
  if (pending_signal() != 0) return exit_code_of_signal(pending_signal());
  for (const Row& row : study.rows) {
    if (!row.defined()) continue;
    if (std::isfinite(row.variance.mean) && std::isfinite(row.mean_norm.mean)) continue;
    return refuse_not_finite(fmt::format("the gradient of {} by {} for {}, m = {},", row.group,
                                         row.estimator, row.bound, row.m));
  }
  return exit_done;
}

const char* const footer =
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

Action declare(CommandLine& command) {
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
            "parameter), report.html and its figures")
      .type("DIR");
  add_common_flags(command, options->run.common, "of data and noise [0]");
  command.footer(footer);
  return [options] { return gradvar_command(*options); };
}

}  // namespace

Command gradvar_command() {
  return {"gradvar", "Compare gradient estimators: variance, signal-to-noise ratio, bias, time",
          declare};
}

}  // namespace nelbo
