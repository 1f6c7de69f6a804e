#include <chrono>
#include <cmath>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <numeric>
#include <optional>
#include <string>

#include "apps/cli/commands.hpp"
#include "apps/cli/print_json.hpp"
#include "apps/cli/progress_line.hpp"
#include "apps/cli/run_flags.hpp"
#include "apps/cli/signals.hpp"
#include "apps/exit_code.hpp"
#include "apps/reports/study_files.hpp"
#include "apps/reports/tables.hpp"
#include "autodiff/instruction_set.hpp"
#include "autodiff/setting_error.hpp"
#include "autodiff/threads.hpp"
#include "lab/studies/slopes.hpp"
#include "lab/studies/study_cells.hpp"
#include "lab/studies/subject.hpp"

namespace nelbo {
namespace {

using namespace gradvar;

struct Options {
  RunFlags run;
  std::string world;
  StudyPlan plan;
  std::optional<std::string> estimators, reference;
  std::int64_t replicates = 10'000;
  std::optional<std::int64_t> batch;
  std::string out;
};

Subject run_subject(const RunFlags& flags, std::int64_t batch) {
  const auto applied = std::make_shared<AppliedRun>(apply_run(flags));
  const LoadedRun& run = applied->run;
  const Examples& examples = applied->examples;
  if (std::size_t(batch) > examples.count()) {
    throw SettingError("batch", std::to_string(batch) + " of a split of " +
                                    std::to_string(examples.count()) + " examples");
  }
  return {.name = "run " + run.folder.string(),
          .model = {*run.model, examples.some(std::size_t(batch), applied->seed), &run.auxiliaries},
          .owner = applied};
}

Subject subject_of(const Options& options) {
  const std::uint64_t seed = std::uint64_t(options.run.common.seed.value_or(0));
  if (!options.run.run.empty()) {
    if (!options.world.empty()) throw SettingError("world", "cannot be given with --run");
    return run_subject(options.run, options.batch.value_or(20));
  }
  if (!options.run.data.empty() || !options.run.split.empty()) {
    throw SettingError(options.run.data.empty() ? "split" : "data",
                       "is for --run; a world brings its own data");
  }
  if (options.world == "linear-gaussian") {
    return linear_gaussian_subject(options.batch.value_or(20), seed);
  }
  if (options.world == "discrete") {
    if (options.batch) throw SettingError("batch", "the discrete world is all its data");
    return discrete_subject();
  }
  if (options.batch && *options.batch != 1) {
    throw SettingError("batch", "the Rainforth toy is one datum");
  }
  return rainforth_subject();
}

/// The plan with what a model's codes allow where nothing was said.
StudyPlan plan_of(const Options& options, const StudyModel& model) {
  StudyPlan plan = options.plan;
  if (model.model.codes().discrete()) {
    plan.estimators = "score,rloo,vimco,disarm,gumbel_softmax,straight_through,enumeration";
    plan.reference = "score";
  }
  if (options.estimators) plan.estimators = *options.estimators;
  if (options.reference) plan.reference = *options.reference;
  return plan;
}

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

/// Measures cell by cell, until a signal.
void run_cells(const Subject& subject, const std::vector<StudyCell>& cells, Study& study) {
  ProgressLine progress("gradvar", progress_style(false));
  double all = 0, done = 0;
  for (const StudyCell& cell : cells) all += double(cell.bound.samples());
  for (const StudyCell& cell : cells) {
    const double work = double(cell.bound.samples());
    const ReplicateOptions replicate{
        .replicates = study.replicates,
        .seed = study.seed,
        .workers = num_threads(),
        .progress = [&](double share) { progress.update((done + share * work) / all); },
        .stop = [] { return pending_signal() != 0; }};
    std::vector<Row> rows = run_replicates(subject.model, cell, replicate);
    if (pending_signal() != 0) break;
    add_theory(subject, cell, rows);
    study.rows.insert(study.rows.end(), rows.begin(), rows.end());
    done += work;
  }
}

Study run_study(const Options& options, const Subject& subject) {
  const StudyPlan wanted = plan_of(options, subject.model);
  const StudyCells plan = plan_cells(wanted, subject.model);
  install_signal_handlers();
  const auto start = std::chrono::steady_clock::now();
  Study study{.subject = subject.name,
              .reference = wanted.reference,
              .replicates = std::uint64_t(options.replicates),
              .batch = std::uint64_t(subject.model.batch()),
              .seed = std::uint64_t(options.run.common.seed.value_or(0)),
              .isa = active_isa(),
              .threads = num_threads()};
  run_cells(subject, plan.cells, study);
  study.rows.insert(study.rows.end(), plan.undefined.begin(), plan.undefined.end());
  study.slopes = slopes_of(study.rows);
  for (Slope& slope : study.slopes) slope.theory = slope_theory(slope);
  study.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return study;
}

int gradvar_command(const Options& options) {
  options.run.common.apply_threads();
  const Study study = run_study(options, subject_of(options));
  // What was finished before Ctrl-C is kept.
  if (!options.out.empty()) write_study(study, options.out);
  if (options.run.common.json) {
    print_json(json_of(study));
  } else {
    std::cout << text_report(study);
    if (!options.out.empty()) std::cout << "\n" << options.out << "/report.html\n";
  }
  if (pending_signal() != 0) return exit_code_of_signal(pending_signal());
  for (const Row& row : study.rows) {
    if (!row.defined() || std::isfinite(row.variance.mean)) continue;
    std::cerr << "nelbo: the gradient of " << row.group << " by " << row.estimator << " for "
              << row.bound << ", m = " << row.m << ", is not finite\n";
    return exit_not_finite;
  }
  return exit_done;
}

Action declare(CommandLine& command) {
  auto options = std::make_shared<Options>();
  command
      .flag("--world", options->world,
            "a model whose gradients are known: rainforth, linear-gaussian or discrete "
            "[rainforth]")
      .one_of({"rainforth", "linear-gaussian", "discrete"});
  command.flag("--run", options->run.run, "a trained model: the folder of a run");
  add_data_flags(command, options->run);
  command
      .flag("--bounds", options->plan.bounds,
            "bounds on log P(x): names, which take --m, or expressions such as "
            "\"iw(8)\" [elbo,iw]")
      .type("LIST");
  command
      .flag("--estimators", options->estimators,
            "gradient estimators, also by group (phi=dreg,theta=piwae) and with coupled "
            "noise (reparam+antithetic, stl+rqmc); `nelbo objectives` lists them "
            "[reparam,stl,dreg; of discrete codes score,rloo,vimco,disarm,...]")
      .type("LIST");
  command.numbers("--m", options->plan.m, most_samples, "importance samples [1,4,16,64]");
  command.numbers("--k", options->plan.k, most_samples,
                  "copies of the bound that are averaged [1]");
  command.number("--replicates", options->replicates, 4, 1'000'000'000,
                 "gradients of each combination [10000]");
  command.number("--batch", options->batch, 1, 1 << 20,
                 "data, drawn once by the seed [20; of rainforth 1, of discrete 3]");
  command
      .flag("--reference", options->reference,
            "the estimator that bias is tested against [reparam; of discrete codes "
            "score]")
      .type("NAME");
  command
      .flag("--out", options->out,
            "a folder for study.json, study.csv, report.html and its figures")
      .type("DIR");
  add_common_flags(command, options->run.common, "of data and noise [0]");
  command.footer(
      "For every bound, number of samples and estimator, of theta (decoder), phi (encoder) and "
      "each\n"
      "layer: norm of the mean gradient, total variance, signal-to-noise ratio (debiased, beside "
      "its\n"
      "floor), time, a test for bias on common random numbers, and slopes over m and k beside "
      "theory.\n"
      "What is not defined is listed with the reason. docs/gradient-variance.md says how to read "
      "it.\n\n"
      "JSON: {\"rows\": [{\"bound\", \"estimator\", \"m\", \"k\", \"group\", \"mean_norm\", "
      "\"variance\", \"snr\",\n"
      "\"snr_norm\", \"snr_floor\", \"dsnr\", \"bias_t\", \"us_per_gradient\", \"exact\", "
      "\"asymptote\", \"undefined\"}],\n"
      "\"slopes\": [{\"bound\", \"estimator\", \"group\", \"axis\", \"slope\", \"se\", "
      "\"theory\"}]}.\n\n"
      "Examples:\n"
      "  nelbo gradvar --world rainforth --m 16,64,256 --replicates 100000\n"
      "  nelbo gradvar --world rainforth --bounds iw --m 4 --k 1,4,16 --out study\n"
      "  nelbo gradvar --world discrete --bounds elbo --k 2,4,8\n"
      "  nelbo gradvar --run runs/burda-mnist-elbo-s0 --bounds \"elbo,iw(8),iw(64)\" \\\n"
      "    --estimators \"reparam,stl,dreg,score,vimco\" --replicates 1000");
  return [options] { return gradvar_command(*options); };
}

}  // namespace

Command gradvar_command() {
  return {"gradvar", "Compare gradient estimators: variance, signal-to-noise ratio, bias, time",
          declare};
}

}  // namespace nelbo
