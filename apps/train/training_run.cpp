#include "apps/train/training_run.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <chrono>
#include <cmath>
#include <ctime>
#include <iostream>
#include <nlohmann/json.hpp>

#include "apps/cli/progress.hpp"
#include "apps/cli/shell_word.hpp"
#include "apps/cli/signals.hpp"
#include "apps/exit_code.hpp"
#include "apps/reports/metrics_json.hpp"
#include "apps/reports/pictures.hpp"
#include "autodiff/instruction_set.hpp"
#include "autodiff/setting_error.hpp"
#include "autodiff/threads.hpp"
#include "lab/evaluation/ledger.hpp"
#include "lab/files/atomic_file.hpp"
#include "lab/studies/training_snr.hpp"
#include "lab/training/checkpoint.hpp"
#include "lab/training/run_data.hpp"
#include "lab/training/run_folder.hpp"
#include "lab/training/trainer.hpp"

namespace nelbo {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;
using Clock = std::chrono::steady_clock;

constexpr std::uint64_t default_epochs = 10;
// A checkpoint at least every 2 s: what remains is for the step under way and the writing.
constexpr std::chrono::milliseconds checkpoint_interval{1500};
constexpr std::chrono::seconds picture_interval{10};
// The whole ledger is measured every few epochs, on so many held-out examples.
constexpr std::uint64_t ledger_epochs = 5;
constexpr std::size_t ledger_examples = 2000;

double seconds_between(Clock::time_point from, Clock::time_point to) {
  return std::chrono::duration<double>(to - from).count();
}

std::string utc_now() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

/// One process's part in a run: from a checkpoint to the goal, or to a signal.
class TrainingRun {
 public:
  TrainingRun(const TrainConfig& config, const data::Dataset& data, const RunFolder& folder,
              const RunOptions& options)
      : config_(config), data_(data), folder_(folder), options_(options), trainer_(config, data) {
    config_.latent = trainer_.model().latent();
    config_.hidden = trainer_.model().config().hidden;
    config_.prior = to_string(trainer_.model().config().prior);
    for (const Quantity& q : trainer_.objective().quantities()) term_names_.push_back(q.name);
    config_.example = data.example_shape();
    config_.picture_range = picture_range(trainer_.test_examples());
    if (options_.log_gradient_snr > 0) gradient_snr_.emplace(trainer_);
  }

  void begin();
  void restore(const Further& further);
  /// Trains, and returns the exit code.
  int run();

 private:
  bool reached() const;
  ProgressPlan plan() const;
  void show_header(Progress& progress) const;
  int train(Progress& progress);
  void measure();
  void end_epoch(Progress& progress);
  void save();
  void write_config() const { write_file_atomically(folder_.config(), to_toml(config_)); }
  void write_record() const { write_file_atomically(folder_.record(), record_.dump(2) + "\n"); }
  void close_record(const std::string& status, const Json& more = Json::object());
  Json result_json() const;
  void print_result() const;

  TrainConfig config_;
  const data::Dataset& data_;
  RunFolder folder_;
  RunOptions options_;
  Trainer trainer_;
  std::optional<gradvar::TrainingSnr> gradient_snr_;  // where it is logged
  std::vector<std::string> term_names_;               // the named quantities of the objective
  Json record_;

  Clock::time_point start_ = Clock::now();
  Clock::time_point saved_ = start_;
  Clock::time_point pictured_ = start_;
  double training_seconds_ = 0;  // in steps: without evaluation, checkpoints and pictures
  std::uint64_t examples_ = 0;   // trained on by this process
  double epoch_seconds_ = 0;     // the same since the epoch began, or this process
  std::uint64_t epoch_examples_ = 0;
  std::optional<Metrics> train_metrics_,
      test_metrics_;  // of the last epoch, or of the part of it made
};

/// For a new run: the files that say what it is, and a checkpoint before the first step.
void TrainingRun::begin() {
  folder_.make();
  write_config();
  record_ = {{"status", "running"},
             {"argv", options_.argv},
             {"version", NELBO_VERSION},
             {"isa", active_isa()},
             {"threads", num_threads()},
             {"seed", config_.seed},
             {"objective", trainer_.objective().text()},
             {"data", config_.data},
             {"data_hash", config_.data_hash},
             {"parameters", trainer_.store().count()},
             {"start", utc_now()}};
  write_record();
  save();
}

/// For a run that exists: takes up its last checkpoint.
void TrainingRun::restore(const Further& further) {
  if (fs::exists(folder_.last())) trainer_.load(folder_.last());
  const TrainState& state = trainer_.state();
  if (further.epochs) {
    config_.epochs = state.epoch + *further.epochs;
    config_.steps.reset();
  }
  if (further.steps) {
    config_.steps = state.step + *further.steps;
    config_.epochs.reset();
  }
  if (reached()) {
    throw UsageError(
        fmt::format("--resume {}: the run has reached its end (epoch {}, step {}); say how "
                    "far to go on with --epochs or --steps",
                    folder_.path().string(), state.epoch, state.step));
  }
  folder_.cut_metrics(state.epoch);
  folder_.cut_gradient_snr(state.step);
  write_config();
  if (fs::exists(folder_.record())) record_ = Json::parse(read_text(folder_.record()));
  for (const char* of_the_end :
       {"end", "error", "operator", "train", "test", "examples_per_second"}) {
    record_.erase(of_the_end);
  }
  record_["status"] = "running";
  record_["resumed"].push_back({{"argv", options_.argv},
                                {"step", state.step},
                                {"isa", active_isa()},
                                {"threads", num_threads()},
                                {"start", utc_now()}});
  write_record();
  save();
}

bool TrainingRun::reached() const {
  return config_.epochs ? trainer_.state().epoch >= *config_.epochs
                        : trainer_.state().step >= *config_.steps;
}

ProgressPlan TrainingRun::plan() const {
  const std::uint64_t per_epoch = trainer_.batches_per_epoch();
  return {
      .first_step = trainer_.state().step,
      .last_step = config_.epochs ? *config_.epochs * per_epoch : *config_.steps,
      .steps_per_epoch = per_epoch,
      .label = term_names_.front() == trainer_.objective().text() ? term_names_.front() : "bound"};
}

void TrainingRun::show_header(Progress& progress) const {
  const VaeConfig& model = trainer_.model().config();
  for (const std::string& line : data::describe(data_)) progress.line("data        " + line);
  if (config_.binarize != "none") progress.line("binarize    " + config_.binarize);
  progress.line(fmt::format("model       {}, hidden {}, latent {}, {}", model.architecture,
                            fmt::join(model.hidden, ","), model.latent,
                            to_string(model.likelihood)));
  progress.line(fmt::format("prior       {}, posterior {}", to_string(model.prior),
                            to_string(model.posterior)));
  progress.line(fmt::format("parameters  {}", trainer_.store().count()));
  const Term& objective = trainer_.objective();
  progress.line("objective   " + (objective.bound()
                                      ? on_samples(*objective.bound(), objective.text(),
                                                   trainer_.estimators().coupling)
                                      : objective.text()));
  progress.line(fmt::format("estimator   {}", trainer_.estimators().text()));
  progress.line(fmt::format("optimizer   {}, lr {}, batch {}, seed {}", config_.optimizer,
                            config_.lr, config_.batch, config_.seed));
  progress.line(fmt::format("machine     {}, {} thread{}", active_isa(), num_threads(),
                            num_threads() == 1 ? "" : "s"));
  progress.line("run         " + folder_.path().string());
  if (!picture_shape(config_.example)) {
    progress.line("pictures    none: " + no_pictures(config_.example));
  }
  if (trainer_.state().step > 0) {
    progress.line(fmt::format("resumed     at step {}", trainer_.state().step));
  }
}

void TrainingRun::save() {
  trainer_.save(folder_.last());
  saved_ = Clock::now();
}

void TrainingRun::close_record(const std::string& status, const Json& more) {
  record_["status"] = status;
  record_["epochs"] = trainer_.state().epoch;
  record_["steps"] = trainer_.state().step;
  record_["seconds"] = seconds_between(start_, Clock::now());
  record_["end"] = utc_now();
  record_.update(more);
  write_record();
}

void TrainingRun::measure() {
  train_metrics_ = trainer_.train_metrics();
  test_metrics_ = trainer_.held_out();
  if (!std::isfinite(test_metrics_->bound)) {
    throw NotFinite("the held-out bound", trainer_.state().step);
  }
}

void TrainingRun::end_epoch(Progress& progress) {
  measure();
  const double norm = trainer_.gradient_norm();
  if (trainer_.close_epoch(test_metrics_->bound)) {
    save_parameters(folder_.best(), trainer_.store(), trainer_.state());
  }
  const double rate = epoch_seconds_ > 0 ? double(epoch_examples_) / epoch_seconds_ : 0;
  Json line{{"epoch", trainer_.state().epoch},
            {"step", trainer_.state().step},
            {"train", to_json(*train_metrics_, term_names_)},
            {"test", to_json(*test_metrics_, term_names_)},
            {"examples_per_second", rate},
            {"gradient_norm", norm}};
  if (trainer_.state().epoch % ledger_epochs == 0 && trainer_.test_examples().count() > 1) {
    line["ledger"] = measure_ledger(trainer_.model(), trainer_.store(), trainer_.test_examples(),
                                    {.batch = std::size_t(config_.batch),
                                     .examples = ledger_examples,
                                     .seed = config_.seed})
                         .json();
  }
  folder_.append_metrics(line.dump());
  // Last: a checkpoint of this epoch promises that its line is there.
  save();
  progress.epoch({.epoch = trainer_.state().epoch,
                  .names = term_names_,
                  .train = *train_metrics_,
                  .held_out = *test_metrics_,
                  .examples_per_second = rate,
                  .seconds = seconds_between(start_, Clock::now())});
  epoch_seconds_ = 0;
  epoch_examples_ = 0;
}

/// Steps until the goal or a signal; returns the signal or 0.
int TrainingRun::train(Progress& progress) {
  const Pictures pictures(trainer_.model(), trainer_.test_examples(), config_.seed);
  Clock::time_point before = Clock::now();
  while (!reached() && pending_signal() == 0) {
    trainer_.step();
    Clock::time_point now = Clock::now();
    const double seconds = seconds_between(before, now);
    training_seconds_ += seconds;
    epoch_seconds_ += seconds;
    examples_ += trainer_.last_batch();
    epoch_examples_ += trainer_.last_batch();
    progress.step(trainer_.state().step, trainer_.last_batch(), trainer_.train_bound());
    if (gradient_snr_ && trainer_.state().step % options_.log_gradient_snr == 0) {
      folder_.append_gradient_snr(gradient_snr_->measure().dump());
      now = Clock::now();
    }
    if (trainer_.epoch_ended()) {
      end_epoch(progress);
      if (now - pictured_ >= picture_interval) {
        pictures.write(folder_);
        pictured_ = Clock::now();
      }
      now = Clock::now();
    } else if (now - saved_ >= checkpoint_interval) {
      save();
      now = saved_;
    }
    before = now;
  }
  const bool complete = reached();
  if (trainer_.state().batch > 0) {
    if (complete) measure();
    save();
  }
  if (complete) pictures.write(folder_);
  return complete ? 0 : pending_signal();
}

int TrainingRun::run() {
  start_ = Clock::now();
  Progress progress(plan(), progress_style(options_.quiet));
  show_header(progress);
  try {
    const int signal = train(progress);
    progress.finish();
    if (signal != 0) {
      close_record("interrupted");
      std::cerr << fmt::format(
          "interrupted after step {}; continue with\n  nelbo train --resume {}\n",
          trainer_.state().step, shell_word(folder_.path().string()));
      return exit_code_of_signal(signal);
    }
  } catch (const NotFinite& error) {
    progress.finish();
    close_record("not finite", {{"error", error.what()}, {"operator", error.op()}});
    std::cerr << fmt::format("nelbo: {}\n       the last good checkpoint is {}\n", error.what(),
                             folder_.last());
    return exit_not_finite;
  } catch (const std::exception& error) {
    progress.finish();
    close_record("failed", {{"error", error.what()}});
    throw;
  }
  const Json result = result_json();
  close_record("finished", {{"train", result["train"]},
                            {"test", result["test"]},
                            {"examples_per_second", result["examples_per_second"]}});
  if (options_.json)
    std::cout << result.dump(2) << "\n";
  else
    print_result();
  return exit_done;
}

Json TrainingRun::result_json() const {
  return {
      {"run", folder_.path().string()},
      {"objective", trainer_.objective().text()},
      {"epochs", trainer_.state().epoch},
      {"steps", trainer_.state().step},
      {"train", to_json(*train_metrics_)},
      {"test", to_json(*test_metrics_)},
      {"seconds", seconds_between(start_, Clock::now())},
      {"examples_per_second", training_seconds_ > 0 ? double(examples_) / training_seconds_ : 0},
      {"seed", config_.seed},
      {"isa", active_isa()},
      {"threads", num_threads()}};
}

void TrainingRun::print_result() const {
  const auto row = [](const char* name, const Metrics& m) {
    return fmt::format("{:<6}{:>11.3f}{:>11.3f}{:>11.3f}{:>11.3f}\n", name, m.bound, m.elbo(),
                       m.nell, m.div);
  };
  std::cout << fmt::format("{:<6}{:>11}{:>11}{:>11}{:>11}  nats per datum\n", "", "bound", "elbo",
                           "nell", "div")
            << row("train", *train_metrics_) << row("test", *test_metrics_)
            << fmt::format("{} epochs, {} steps in {}, {:.0f} examples/s\n", trainer_.state().epoch,
                           trainer_.state().step,
                           duration_text(seconds_between(start_, Clock::now())),
                           training_seconds_ > 0 ? double(examples_) / training_seconds_ : 0.0)
            << "run: " << folder_.path().string() << "\n";
  if (fs::exists(folder_.image("samples"))) {
    std::cout << "pictures: " << (folder_.path() / "images").string() << "\n";
  }
}

}  // namespace

int start_run(TrainConfig config, const fs::path& out, const RunOptions& options) {
  if (!config.epochs && !config.steps) config.epochs = default_epochs;
  check(config);
  const fs::path path = out.empty() ? fs::path("runs") / run_name(config) : out;
  const RunFolder folder = RunFolder::at(path);
  config.data_hash.clear();
  const auto data = load_run_data(config);
  // The model is built first: settings that do not fit the data leave no folder behind.
  TrainingRun run(config, *data, folder, options);
  run.begin();
  return run.run();
}

int resume_run(const fs::path& path, const Further& further, const RunOptions& options) {
  const RunFolder folder = RunFolder::open(path);
  TrainConfig config;
  apply_toml(config, read_text(folder.config()), folder.config());
  check(config);
  const auto data = load_run_data(config);
  TrainingRun run(config, *data, folder, options);
  run.restore(further);
  return run.run();
}

}  // namespace nelbo
