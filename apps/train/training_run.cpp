#include "apps/train/training_run.hpp"

#include <fmt/format.h>

#include <cctype>
#include <chrono>
#include <cmath>
#include <iostream>
#include <nlohmann/json.hpp>

#include "apps/cli/progress.hpp"
#include "apps/cli/signals.hpp"
#include "apps/exit_code.hpp"
#include "apps/reports/metrics_json.hpp"
#include "apps/reports/pictures.hpp"
#include "apps/train/epoch_log.hpp"
#include "apps/train/run_header.hpp"
#include "apps/train/run_record.hpp"
#include "apps/train/run_result.hpp"
#include "autodiff/setting_error.hpp"
#include "lab/files/atomic_file.hpp"
#include "lab/studies/training_snr.hpp"
#include "lab/training/checkpoint.hpp"
#include "lab/training/loaded_run.hpp"
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

/// A word as a shell reads it back: quoted where it must be.
std::string shell_word(const std::string& word) {
  std::string quoted = "'";
  bool plain = !word.empty();
  for (const char c : word) {
    plain &= std::isalnum(static_cast<unsigned char>(c)) ||
             std::string("/._+-=,:").find(c) != std::string::npos;
    quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  }
  return plain ? word : quoted + "'";
}

double seconds_between(Clock::time_point from, Clock::time_point to) {
  return std::chrono::duration<double>(to - from).count();
}

/// Examples trained on in so many seconds of steps: without evaluation, checkpoints and pictures.
struct Pace {
  double seconds = 0;
  std::uint64_t examples = 0;

  void add(double time, std::uint64_t count) {
    seconds += time;
    examples += count;
  }
  double per_second() const { return seconds > 0 ? double(examples) / seconds : 0; }
};

/// One process's part in a run: from a checkpoint to the goal, or to a signal.
class TrainingRun {
 public:
  TrainingRun(const TrainPlan& plan, const data::Dataset& data, const RunFolder& folder,
              const RunOptions& options)
      : data_(data),
        folder_(folder),
        options_(options),
        trainer_(plan, data),
        config_(trainer_.config()),
        record_(folder.record(), options.argv) {
    for (const Quantity& q : trainer_.objective().quantities()) term_names_.push_back(q.name);
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
  int train(Progress& progress);
  void measure();
  void end_epoch(Progress& progress);
  void save();
  void write_config() const { write_file_atomically(folder_.config(), to_toml(config_)); }
  double seconds() const { return seconds_between(start_, Clock::now()); }
  void close_record(const std::string& status, const Json& more = Json::object()) {
    record_.close(status, trainer_.state(), seconds(), more);
  }
  RunResult result() const;

  const data::Dataset& data_;
  RunFolder folder_;
  RunOptions options_;
  Trainer trainer_;
  TrainConfig config_;                                // the trainer's, and how far to go
  std::optional<gradvar::TrainingSnr> gradient_snr_;  // where it is logged
  std::vector<std::string> term_names_;               // the named quantities of the objective
  RunRecord record_;

  Clock::time_point start_ = Clock::now();
  Clock::time_point saved_ = start_;
  Clock::time_point pictured_ = start_;
  Pace pace_;        // of this process
  Pace epoch_pace_;  // since the epoch began, or this process
  // Of the last epoch, or of the part of it made.
  std::optional<Metrics> train_metrics_, test_metrics_;
};

/// For a new run: the files that say what it is, and a checkpoint before the first step.
void TrainingRun::begin() {
  folder_.make();
  write_config();
  record_.begin(config_, trainer_);
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
    throw SettingError("resume",
                       fmt::format("{}: the run has reached its end (epoch {}, step {}); say how "
                                   "far to go on with --epochs or --steps",
                                   folder_.path().string(), state.epoch, state.step));
  }
  folder_.cut_metrics(state.epoch);
  folder_.cut_gradient_snr(state.step);
  write_config();
  record_.resume(state);
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

void TrainingRun::save() {
  trainer_.save(folder_.last());
  saved_ = Clock::now();
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
    save_parameters(folder_.best(), model_toml(config_), trainer_.auxiliaries(), trainer_.store(),
                    trainer_.state());
  }
  EpochReport report{.epoch = trainer_.state().epoch,
                     .names = term_names_,
                     .train = *train_metrics_,
                     .held_out = *test_metrics_,
                     .examples_per_second = epoch_pace_.per_second()};
  log_epoch(folder_, trainer_, report, norm);
  // Last: a checkpoint of this epoch promises that its line is there.
  save();
  report.seconds = seconds();
  progress.epoch(report);
  epoch_pace_ = {};
}

/// Steps until the goal or a signal; returns the signal or 0.
int TrainingRun::train(Progress& progress) {
  const Pictures pictures(trainer_.model(), trainer_.test_examples(), config_.seed);
  Clock::time_point before = Clock::now();
  while (!reached() && pending_signal() == 0) {
    trainer_.step();
    Clock::time_point now = Clock::now();
    for (Pace* pace : {&pace_, &epoch_pace_}) {
      pace->add(seconds_between(before, now), trainer_.last_batch());
    }
    progress.step(trainer_.state().step, trainer_.last_batch(), trainer_.train_bound());
    if (gradient_snr_ && trainer_.state().step % options_.log_gradient_snr == 0) {
      folder_.append_gradient_snr(snr_line(trainer_.state().step, gradient_snr_->measure()).dump());
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
  for (const std::string& line : run_header(config_, data_, trainer_, folder_)) {
    progress.line(line);
  }
  try {
    const int signal = train(progress);
    progress.finish();
    if (signal != 0) {
      close_record("interrupted");
      // A user's own program, whose words the run may be made of, goes by another name.
      const std::string program = options_.argv.empty() ? "nelbo" : options_.argv.front();
      std::cerr << fmt::format("interrupted after step {}; continue with\n  {} train --resume {}\n",
                               trainer_.state().step, shell_word(program),
                               shell_word(folder_.path().string()));
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
  const RunResult result = this->result();
  close_record("finished", {{"train", to_json(result.train)},
                            {"test", to_json(result.test)},
                            {"examples_per_second", result.examples_per_second}});
  if (options_.json)
    std::cout << to_json(result).dump(2) << "\n";
  else
    std::cout << result_text(result);
  return exit_done;
}

RunResult TrainingRun::result() const {
  return {.folder = folder_,
          .objective = trainer_.objective().text(),
          .epochs = trainer_.state().epoch,
          .steps = trainer_.state().step,
          .train = *train_metrics_,
          .test = *test_metrics_,
          .seconds = seconds(),
          .examples_per_second = pace_.per_second(),
          .seed = config_.seed};
}

}  // namespace

int start_run(TrainPlan plan, const fs::path& out, const RunOptions& options) {
  TrainConfig& config = plan.config;
  if (!config.epochs && !config.steps) config.epochs = default_epochs;
  const fs::path path = out.empty() ? fs::path("runs") / run_name(config) : out;
  const RunFolder folder = RunFolder::at(path);
  forget_data(config);
  const auto data = load_run_data(config);
  // The model is built first: settings that do not fit the data leave no folder behind.
  TrainingRun run(plan, *data, folder, options);
  run.begin();
  return run.run();
}

int resume_run(const fs::path& path, const Further& further, const RunOptions& options) {
  const RunFolder folder = RunFolder::open(path);
  TrainConfig config;
  apply_toml(config, read_text(folder.config()), folder.config());
  std::optional<TrainPlan> read;
  explain_missing_words(path, [&] { read = resolve(config); });
  TrainPlan& plan = *read;
  const auto data = load_run_data(plan.config);
  TrainingRun run(plan, *data, folder, options);
  run.restore(further);
  return run.run();
}

}  // namespace nelbo
