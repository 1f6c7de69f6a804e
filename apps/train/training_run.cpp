#include "apps/train/training_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <iostream>
#include <nlohmann/json.hpp>

#include "apps/cli/program_name.hpp"
#include "apps/cli/progress.hpp"
#include "apps/cli/refusal.hpp"
#include "apps/cli/run_flags.hpp"
#include "apps/cli/signals.hpp"
#include "apps/exit_code.hpp"
#include "apps/reports/mean_text.hpp"
#include "apps/reports/metrics_json.hpp"
#include "apps/reports/pictures.hpp"
#include "apps/train/epoch_log.hpp"
#include "apps/train/run_header.hpp"
#include "apps/train/run_record.hpp"
#include "apps/train/run_result.hpp"
#include "autodiff/setting_error.hpp"
#include "lab/files/atomic_file.hpp"
#include "lab/files/one_line.hpp"
#include "lab/files/shell_word.hpp"
#include "lab/studies/training_snr.hpp"
#include "lab/training/checkpoint.hpp"
#include "lab/training/loaded_run.hpp"
#include "lab/training/objective_weights.hpp"
#include "lab/training/run_data.hpp"
#include "lab/training/run_folder.hpp"
#include "lab/training/run_lock.hpp"
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
              const RunOptions& options, std::optional<RunLock> lock = std::nullopt)
      : data_(data),
        folder_(folder),
        lock_(std::move(lock)),
        options_(options),
        trainer_(plan, data),
        config_(trainer_.config()),
        record_(folder.record(), options.argv) {
    for (const Quantity& q : trainer_.objective().quantities()) term_names_.push_back(q.name);
    if (options_.log_gradient_snr > 0) gradient_snr_.emplace(trainer_);
  }

  void begin();
  void restore(const Further& further, const std::vector<Change>& changes);
  RunEnd run();

 private:
  bool reached() const { return !end().empty(); }
  /// Why the run ends where it stands; empty if it goes on.
  std::string end() const;
  void check_weights() const;  // throws SettingError where one overflows before the end
  std::uint64_t last_step() const;
  ProgressPlan plan() const;
  int train(Progress& progress, std::uint64_t step);
  void measure();
  void end_epoch(Progress& progress);
  void save();
  void save_best();
  void write_config() const { write_file_atomically(folder_.config(), to_toml(config_)); }
  /// Since the run began, over all processes.
  double seconds() const { return seconds_before_ + seconds_between(start_, Clock::now()); }
  void close_record(const std::string& status, const Json& more = Json::object()) {
    record_.close(status, trainer_.state(), seconds(), more);
  }
  RunResult result() const;
  /// For people: why early stopping ended the run; empty where it did not.
  std::string end_text() const;
  /// As a shell starts it. A user's own, whose words the run may be made of, goes by another name.
  std::string program() const {
    return data::shell_word(options_.argv.empty() ? program_name() : options_.argv.front());
  }

  const data::Dataset& data_;
  RunFolder folder_;
  std::optional<RunLock> lock_;  // once the folder is there
  RunOptions options_;
  Trainer trainer_;
  TrainConfig config_;                                // the trainer's, and how far to go
  std::optional<gradvar::TrainingSnr> gradient_snr_;  // where it is logged
  std::vector<std::string> term_names_;               // the named quantities of the objective
  RunRecord record_;
  std::vector<std::string> notes_;  // for the header

  double seconds_before_ = 0;  // of the processes before this one
  Clock::time_point start_ = Clock::now();
  Clock::time_point saved_ = start_;
  Clock::time_point pictured_ = start_;
  Pace pace_;        // of this process
  Pace epoch_pace_;  // since the epoch began, or this process
  // Of the last epoch, or of the part of it made.
  std::optional<Metrics> train_metrics_, validation_metrics_, test_metrics_;
};

/// For a new run: the files that say what it is, and a checkpoint before the first step.
void TrainingRun::begin() {
  if (const std::string why = weights_unfinished(trainer_.objective(), last_step()); !why.empty()) {
    throw SettingError("objective",
                       why + ": the weight would never arrive; train longer, or end it sooner");
  }
  check_weights();
  const std::string config = to_toml(config_);  // what it cannot hold leaves no folder behind
  lock_.emplace(folder_.make());
  write_file_atomically(folder_.config(), config);
  record_.begin(config_, trainer_);
  save();
}

/// For a run that exists: takes up its last checkpoint.
void TrainingRun::restore(const Further& further, const std::vector<Change>& changes) {
  record_.read();
  if (fs::exists(folder_.last())) {
    notes_.push_back(trainer_.load(folder_.last()));
  } else if (fs::exists(folder_.metrics()) || fs::exists(folder_.best())) {
    throw Error(
        folder_.last() +
        ": is missing, though the run had written it; put a copy in its place, or start a new "
        "run");
  } else {
    notes_.push_back(folder_.last() + ": not there yet, so the run begins at its first step");
  }
  const TrainState& state = trainer_.state();
  const std::uint64_t planned = last_step();
  if (further.epochs) {
    config_.epochs = state.epoch + *further.epochs;
    config_.steps.reset();
  }
  if (further.steps) {
    config_.steps = state.step + *further.steps;
    config_.epochs.reset();
  }
  if (end() == "patience") {
    throw SettingError("resume", fmt::format("{}: early stopping ended the run: {}; to go on say "
                                             "--change patience=N, 0 for none",
                                             folder_.path().string(), end_text()));
  }
  if (reached()) {
    throw SettingError("resume",
                       fmt::format("{}: the run has reached its end (epoch {}, step {}); say how "
                                   "far to go on with --epochs or --steps",
                                   folder_.path().string(), state.epoch, state.step));
  }
  check_weights();
  // How far a run goes on in the end is open: no reason to refuse it.
  if (std::string why = weights_unfinished(trainer_.objective(), last_step()); !why.empty()) {
    notes_.push_back(std::move(why));
  }
  const bool moved = weights_move_for_ever(trainer_.objective()) && planned != last_step();
  const bool others = std::any_of(changes.begin(), changes.end(),
                                  [](const Change& one) { return one.setting == "objective"; });
  if (moved || others) trainer_.forget_best();
  const RunFolder::KeptMetrics kept = folder_.cut_metrics(state.epoch);
  if (kept.epochs < state.epoch) {
    notes_.push_back(fmt::format("{} holds {} of {}; the others are lost", folder_.metrics(),
                                 kept.epochs, counted(state.epoch, "epoch")));
  }
  seconds_before_ = std::max(kept.seconds, record_.seconds());
  folder_.cut_gradient_snr(state.step);
  record_.resume(state, changes);
  write_config();
  save();
}

std::string TrainingRun::end() const {
  const TrainState& state = trainer_.state();
  if (config_.epochs && state.epoch >= *config_.epochs) return "epochs";
  if (config_.steps && state.step >= *config_.steps) return "steps";
  if (trainer_.out_of_patience() && state.batch == 0) return "patience";
  return "";
}

void TrainingRun::check_weights() const {
  const std::string why = weights_overflow(trainer_.objective(), last_step());
  if (!why.empty()) throw SettingError("objective", why + "; train shorter, or let it grow slower");
}

/// Of the whole run.
std::uint64_t TrainingRun::last_step() const {
  if (config_.steps) return *config_.steps;
  const TrainState& state = trainer_.state();
  if (state.epoch >= *config_.epochs) return state.step;
  const std::uint64_t more = *config_.epochs - state.epoch - 1;
  return state.step + trainer_.batches_left() + more * trainer_.batches_per_epoch();
}

/// In batches of the present size, also where the run began with others.
ProgressPlan TrainingRun::plan() const {
  const TrainState& state = trainer_.state();
  const std::uint64_t per_epoch = trainer_.batches_per_epoch();
  const std::uint64_t position = (state.epoch + 1) * per_epoch - trainer_.batches_left();
  // A cost is shown with its sign turned, and so never under a term's own name.
  const bool itself = trainer_.objective().direction() == Direction::gain &&
                      term_names_.front() == trainer_.objective().text();
  return {.first_step = position,
          .last_step = position + (last_step() - state.step),
          .steps_per_epoch = per_epoch,
          .label = itself ? term_names_.front() : "objective"};
}

void TrainingRun::save() {
  trainer_.save(folder_.last());
  if (!trainer_.validation_examples()) save_best();
  saved_ = Clock::now();
}

void TrainingRun::save_best() {
  save_parameters(folder_.best(), model_toml(config_), trainer_.auxiliaries(), trainer_.store(),
                  trainer_.state());
}

void TrainingRun::measure() {
  train_metrics_ = trainer_.train_metrics();
  validation_metrics_ = trainer_.validation(last_step());
  test_metrics_ = trainer_.held_out();
  for (const auto* metrics : {&validation_metrics_, &test_metrics_}) {
    if (*metrics && !std::isfinite((*metrics)->objective)) {
      throw NotFinite("the held-out objective", trainer_.state().step);
    }
  }
}

void TrainingRun::end_epoch(Progress& progress) {
  measure();
  const double norm = trainer_.gradient_norm();
  if (validation_metrics_) {
    if (trainer_.close_epoch(validation_metrics_->objective)) save_best();
  } else {
    trainer_.close_epoch(std::nullopt);  // the best is the last, which save() writes
  }
  EpochReport report{.epoch = trainer_.state().epoch,
                     .names = term_names_,
                     .train = *train_metrics_,
                     .validation = validation_metrics_,
                     .held_out = *test_metrics_,
                     .examples_per_second = epoch_pace_.per_second(),
                     .seconds = seconds()};
  log_epoch(folder_, trainer_, report, norm, end());
  // Last: a checkpoint of this epoch promises that its line is there.
  save();
  progress.epoch(report);
  epoch_pace_ = {};
}

/// Steps until the goal or a signal; returns the signal or 0. `step`: where the progress stands.
int TrainingRun::train(Progress& progress, std::uint64_t step) {
  const Pictures pictures(trainer_.model(), trainer_.test_examples(), config_.seed);
  Clock::time_point before = Clock::now();
  while (!reached() && pending_signal() == 0) {
    trainer_.step();
    Clock::time_point now = Clock::now();
    for (Pace* pace : {&pace_, &epoch_pace_}) {
      pace->add(seconds_between(before, now), trainer_.last_batch());
    }
    progress.step(++step, trainer_.last_batch(), trainer_.train_objective());
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

RunEnd TrainingRun::run() {
  start_ = Clock::now();
  const ProgressPlan plan = this->plan();
  Progress progress(plan, progress_style(options_.quiet));
  for (const std::string& line : run_header(config_, data_, trainer_, folder_)) {
    progress.line(line);
  }
  notes_.push_back(lock_->note());
  for (const std::string& note : notes_) tell(note);
  try {
    const int signal = train(progress, plan.first_step);
    progress.finish();
    if (signal != 0) {
      close_record("interrupted");
      std::cerr << fmt::format("interrupted after step {}; continue with\n  {} train --resume {}\n",
                               trainer_.state().step, program(),
                               data::printable(data::shell_word(folder_.path().string()), ""));
      return {exit_code_of_signal(signal), {}};
    }
  } catch (const NotFinite& error) {
    progress.finish();
    close_record("not finite", {{"error", error.what()}, {"operator", error.op()}});
    std::cerr << fmt::format(
        "{0}{1}\n{2}the last good checkpoint is {3}; go on from it with\n  {4} train --resume {5} "
        "--change lr={6}\n",
        message_head(), data::one_line(error.what()), message_indent(),
        data::one_line(folder_.last()), program(),
        data::printable(data::shell_word(folder_.path().string()), ""), config_.lr / 10);
    return {exit_not_finite, {}};
  } catch (const std::exception& error) {
    progress.finish();
    close_record("failed", {{"error", reason_of(error)}});
    throw;
  }
  const RunResult result = this->result();
  Json more{{"train", to_json(result.train)},
            {"test", to_json(result.test)},
            {"objective_shown", result.objective_shown},
            {"reason", end()},
            {"examples_per_second", result.examples_per_second}};
  if (result.validation) more["valid"] = to_json(*result.validation);
  close_record("finished", more);
  return {exit_done, result};
}

std::string TrainingRun::end_text() const {
  if (end() != "patience") return "";
  return fmt::format("no better objective on valid for {}, since epoch {}",
                     counted(trainer_.state().epoch - trainer_.state().best_epoch, "epoch"),
                     trainer_.state().best_epoch);
}

RunResult TrainingRun::result() const {
  return {.folder = folder_,
          .objective = trainer_.objective().text(),
          .objective_shown = shown_objective(trainer_.objective()),
          .epochs = trainer_.state().epoch,
          .steps = trainer_.state().step,
          .train = *train_metrics_,
          .validation = validation_metrics_,
          .test = *test_metrics_,
          .end = end_text(),
          .seconds = seconds(),
          .examples_per_second = pace_.per_second(),
          .seed = config_.seed};
}

}  // namespace

RunEnd start_run(TrainPlan plan, const fs::path& out, const RunOptions& options) {
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

RunEnd resume_run(const fs::path& path, const Further& further, const RunOptions& options) {
  const RunFolder folder = RunFolder::open(path);
  RunLock lock = folder.take();
  TrainConfig config = read_config(folder);
  std::optional<TrainPlan> read;
  std::vector<Change> changes;
  explain_missing_words(path, [&] {
    read_settings_of(folder.config(), [&] { read = resolve(config); });
    if (further.changes.empty()) return;
    changes = apply_changes(config, further.changes);
    read = resolve(config);
  });
  TrainPlan& plan = *read;
  const auto data = load_run_data(plan.config);
  TrainingRun run(plan, *data, folder, options, std::move(lock));
  run.restore(further, changes);
  return run.run();
}

}  // namespace nelbo
