#include "apps/train/training_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <iostream>

#include "apps/cli/progress.hpp"
#include "apps/cli/ranks_here.hpp"
#include "apps/cli/refusal.hpp"
#include "apps/cli/run_flags.hpp"
#include "apps/cli/signals.hpp"
#include "apps/exit_code.hpp"
#include "apps/reports/mean_text.hpp"
#include "apps/reports/metrics_json.hpp"
#include "apps/reports/pictures.hpp"
#include "apps/reports/run_report.hpp"
#include "apps/train/check_alike.hpp"
#include "apps/train/epoch_log.hpp"
#include "apps/train/pace.hpp"
#include "apps/train/run_goal.hpp"
#include "apps/train/run_header.hpp"
#include "apps/train/run_record.hpp"
#include "apps/train/run_result.hpp"
#include "apps/train/start_from_other.hpp"
#include "autodiff/setting_error.hpp"
#include "lab/files/atomic_file.hpp"
#include "lab/files/one_line.hpp"
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
constexpr std::uint64_t default_epochs = 10;
// A checkpoint at least every 2 s: what remains is for the step under way and the writing.
constexpr std::chrono::milliseconds checkpoint_interval{1500};
constexpr std::chrono::seconds picture_interval{10};

/// One process's part in a run: from a checkpoint to the goal, or to a signal. Of several ranks all train, and
/// the first alone writes.
class TrainingRun {
 public:
  TrainingRun(const TrainPlan& plan, const data::Dataset& data, const RunFolder& folder,
              const RunOptions& options, std::optional<RunLock> lock = std::nullopt)
      : data_(data),
        folder_(folder),
        lock_(std::move(lock)),
        options_(options),
        trainer_(plan, data, ranks_here(), options.memory),
        config_(trainer_.config()),
        record_(folder.record(), options.argv) {
    for (const Quantity& q : trainer_.objective().quantities()) term_names_.push_back(q.name);
    if (options_.log_gradient_snr > 0) gradient_snr_.emplace(trainer_);
  }

  void begin();
  void restore(const Further& further, const std::vector<Change>& changes);
  RunEnd run();

 private:
  Ranks& ranks() const { return trainer_.ranks(); }
  bool writes() const { return ranks().first(); }
  bool reached() const { return !end().empty(); }
  std::string end() const { return end_of_run(config_, trainer_); }
  TrainingTime goal() const { return run_goal(config_, trainer_); }
  ProgressPlan plan() const;
  int train(Progress& progress, std::uint64_t step);
  void measure();
  void end_epoch(Progress& progress);
  void save();
  void save_best();
  bool pictures_due(Clock::time_point now) const;
  void draw(const Pictures& pictures, Progress& progress);
  void write_config() const { write_file_atomically(folder_.config(), to_toml(config_)); }
  /// Since the run began, over all processes.
  double seconds() const { return seconds_before_ + seconds_between(start_, Clock::now()); }
  void close_record(const std::string& status,
                    const std::vector<std::pair<std::string, std::string>>& why = {}) {
    if (!writes()) return;
    record_.close(status, trainer_.state(), seconds(), why);
    leave_report(folder_);
  }
  RunResult result() const;

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
  int signal_ = 0;                  // that came to any rank

  double seconds_before_ = 0;  // of the processes before this one
  Clock::time_point start_ = Clock::now();
  Clock::time_point saved_ = start_;
  Clock::time_point pictured_ = start_;
  Pace pace_;        // of this process
  Pace epoch_pace_;  // since the epoch began, or this process
  std::optional<Profile> profile_;
  // Of the last epoch, or of the part of it made.
  std::optional<Metrics> train_metrics_, validation_metrics_, test_metrics_;
  std::optional<AverageMetrics> average_metrics_;
};

/// For a new run: the files that say what it is, and a checkpoint before the first step.
void TrainingRun::begin() {
  if (const std::string why = weights_unfinished(trainer_.objective(), goal()); !why.empty()) {
    throw SettingError("objective",
                       why + ": the weight would never arrive; train longer, or end it sooner");
  }
  for (const std::string& rate : trainer_.check_rates(goal())) notes_.push_back(rate);
  check_weights_finite(trainer_, goal());
  const auto start = start_from_other(config_, trainer_, notes_);
  const std::string config = to_toml(config_);  // what it cannot hold leaves no folder behind
  if (!writes()) return;
  lock_.emplace(folder_.make());
  write_file_atomically(folder_.config(), config);
  record_.begin(config_, trainer_, start, options_.preset);
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
    start_from_other(config_, trainer_, notes_);
  }
  const TrainState& state = trainer_.state();
  const std::uint64_t planned = goal().step;
  go_further(config_, state, further);
  refuse_ended(config_, trainer_, folder_);
  check_weights_finite(trainer_, goal());
  // How far a run goes on in the end is open: no reason to refuse it.
  if (std::string why = weights_unfinished(trainer_.objective(), goal()); !why.empty()) {
    notes_.push_back(std::move(why));
  }
  for (const std::string& rate : trainer_.check_rates(goal())) notes_.push_back(rate);
  const bool moved = weights_move_for_ever(trainer_.objective()) && planned != goal().step;
  const bool others = std::any_of(changes.begin(), changes.end(),
                                  [](const Change& one) { return one.setting == "objective"; });
  if (moved || others) trainer_.forget_best();
  if (!writes()) return;
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

/// In batches of the present size, also where the run began with others.
ProgressPlan TrainingRun::plan() const {
  const TrainState& state = trainer_.state();
  const std::uint64_t per_epoch = trainer_.batches_per_epoch();
  const std::uint64_t position = (state.epoch + 1) * per_epoch - trainer_.batches_left();
  // A cost is shown with its sign turned, and so never under a term's own name.
  const bool itself = trainer_.objective().direction() == Direction::gain &&
                      term_names_.front() == trainer_.objective().text();
  return {.first_step = position,
          .last_step = position + (goal().step - state.step),
          .steps_per_epoch = per_epoch,
          .label = itself ? term_names_.front() : "objective"};
}

void TrainingRun::save() {
  if (!writes()) return;
  const ProfiledWork work("checkpoint");
  trainer_.save(folder_.last());
  if (!trainer_.validation_examples()) save_best();
  if (config_.ema > 0) trainer_.save_average(folder_.ema());
  saved_ = Clock::now();
}

void TrainingRun::save_best() {
  if (!writes()) return;
  save_parameters(folder_.best(), model_toml(config_), trainer_.auxiliaries(), trainer_.store(),
                  trainer_.state());
}

void TrainingRun::measure() {
  const ProfiledWork work("evaluation");
  train_metrics_ = trainer_.train_metrics();
  validation_metrics_ = trainer_.validation(goal());
  test_metrics_ = trainer_.held_out();
  average_metrics_ = trainer_.average_metrics(goal());
  for (const auto* metrics : {&validation_metrics_, &test_metrics_}) {
    if (*metrics && !std::isfinite((*metrics)->objective)) {
      throw NotFinite("the held-out objective", trainer_.state().step);
    }
  }
}

void TrainingRun::end_epoch(Progress& progress) {
  measure();
  const double norm = trainer_.gradient_norm();
  const std::uint64_t clipped = trainer_.state().clipped;
  if (validation_metrics_) {
    if (trainer_.close_epoch(validation_metrics_->objective)) save_best();
  } else {
    trainer_.close_epoch(std::nullopt);  // the best is the last, which save() writes
  }
  if (!writes()) return;
  EpochReport report{.epoch = trainer_.state().epoch,
                     .names = term_names_,
                     .train = *train_metrics_,
                     .validation = validation_metrics_,
                     .held_out = *test_metrics_,
                     .average = average_metrics_,
                     .examples_per_second = epoch_pace_.per_second(),
                     .seconds = seconds()};
  const std::string note = log_epoch(folder_, trainer_, report, norm, clipped, end());
  if (!note.empty()) progress.line("note: " + data::one_line(note));
  // Last: a checkpoint of this epoch promises that its line is there.
  save();
  progress.epoch(report);
  epoch_pace_ = {};
}

/// At the end of an epoch.
bool TrainingRun::pictures_due(Clock::time_point now) const {
  if (!writes()) return false;
  return options_.pictures > 0 ? trainer_.state().epoch % options_.pictures == 0
                               : now - pictured_ >= picture_interval;
}

void TrainingRun::draw(const Pictures& pictures, Progress& progress) {
  const ProfiledWork work("pictures");
  if (const auto what = pictures.write(folder_.path() / "images")) {
    progress.line("note: no pictures: " + *what + " is not finite");
  }
  pictured_ = Clock::now();
}

/// Steps until the goal or a signal to any rank; returns the signal or 0. `step`: where the progress stands.
int TrainingRun::train(Progress& progress, std::uint64_t step) {
  const Pictures pictures(trainer_.model(), trainer_.test_examples(), config_, config_.seed);
  std::optional<Profiling> profiling;
  if (options_.profile) profiling.emplace(profile_.emplace());
  Clock::time_point before = Clock::now();
  ranks().patient = false;
  while (!reached() && (signal_ = int(ranks().largest(pending_signal()))) == 0) {
    trainer_.step();
    Clock::time_point now = Clock::now();
    for (Pace* pace : {&pace_, &epoch_pace_}) {
      pace->add(seconds_between(before, now), trainer_.last_batch());
    }
    progress.step(++step, trainer_.last_batch(), trainer_.train_objective());
    if (writes() && gradient_snr_ && trainer_.state().step % options_.log_gradient_snr == 0) {
      folder_.append_gradient_snr(snr_line(trainer_.state().step, gradient_snr_->measure()));
      now = Clock::now();
    }
    if (trainer_.epoch_ended()) {
      end_epoch(progress);
      if (pictures_due(now)) draw(pictures, progress);
      ranks().patient = true;  // what the first writes takes its time
      ranks().largest(0);
      ranks().patient = false;
      now = Clock::now();
    } else if (now - saved_ >= checkpoint_interval) {
      save();
      now = saved_;
    }
    before = now;
  }
  ranks().patient = true;  // the first has more to write than the others
  const bool complete = reached();
  if (trainer_.state().batch > 0) {
    if (complete) measure();
    save();
  }
  if (complete && writes()) draw(pictures, progress);
  return complete ? 0 : signal_;
}

RunEnd TrainingRun::run() {
  check_alike(trainer_);
  start_ = Clock::now();
  const ProgressPlan plan = this->plan();
  const auto profiled = [this, first = trainer_.state().step]() -> std::optional<ProfileReport> {
    if (!profile_) return std::nullopt;
    return profile_report(*profile_, trainer_.state().step - first);
  };
  Progress progress(plan, progress_style(options_.quiet));
  for (const auto& line : run_header(config_, data_, trainer_, folder_)) progress.line(line);
  if (lock_) notes_.push_back(lock_->note());
  for (const std::string& note : notes_) tell(note);
  try {
    const int signal = train(progress, plan.first_step);
    progress.finish();
    if (signal != 0) {
      close_record("interrupted");
      std::cerr << interrupted_text(trainer_.state(), options_.argv, folder_);
      return {exit_code_of_signal(signal), {}, profiled()};
    }
  } catch (const NotFinite& error) {
    progress.finish();
    close_record("not finite", {{"error", error.what()}, {"operator", error.op()}});
    std::cerr << not_finite_text(error, options_.argv, folder_, config_);
    return {exit_not_finite, {}};
  } catch (const std::exception& error) {
    progress.finish();
    close_record("failed", {{"error", reason_of(error)}});
    throw;
  }
  const RunResult result = this->result();
  if (!writes()) return {exit_done, result};
  record_.finish(result, end());
  leave_report(folder_);
  return {exit_done, result, profiled()};
}

RunResult TrainingRun::result() const {
  return {
      .folder = folder_,
      .objective = trainer_.objective().text(),
      .objective_shown = shown_objective(trainer_.objective()),
      .epochs = trainer_.state().epoch,
      .steps = trainer_.state().step,
      .train = *train_metrics_,
      .validation = validation_metrics_,
      .test = *test_metrics_,
      .average = average_metrics_,
      .clipped = config_.clip > 0 ? std::optional(trainer_.state().clipped_in_all) : std::nullopt,
      .end = patience_text(config_, trainer_),
      .seconds = seconds(),
      .examples_per_second = pace_.per_second(),
      .seed = config_.seed};
}

}  // namespace

RunEnd start_run(TrainPlan plan, const fs::path& out, const RunOptions& options) {
  TrainConfig& config = plan.config;
  if (!config.epochs && !config.steps) config.epochs = default_epochs;
  const fs::path path = out.empty() ? fs::path("runs") / run_name(config) : out;
  std::unique_ptr<data::Dataset> data;
  std::optional<TrainingRun> run;
  // The model is built first, on all ranks: settings that do not fit the data leave no folder behind.
  together(ranks_here(), [&] {
    const RunFolder folder = RunFolder::at(path);
    if (!config.init_from.empty()) config.init_from = checkpoint_of(config.init_from);
    forget_data(config);
    data = load_run_data(config);
    run.emplace(plan, *data, folder, options);
  });
  together(ranks_here(), [&] { run->begin(); });
  return run->run();
}

RunEnd resume_run(const fs::path& path, const Further& further, const RunOptions& options) {
  std::unique_ptr<data::Dataset> data;
  std::optional<TrainingRun> run;
  std::vector<Change> changes;
  together(ranks_here(), [&] {
    const RunFolder folder = RunFolder::open(path);
    std::optional<RunLock> lock;
    if (ranks_here().first()) lock.emplace(folder.take());
    TrainConfig config = read_config(folder);
    if (config.parts == 0) config.parts = 1;  // which goes without saying
    std::optional<TrainPlan> read;
    explain_missing_words(path, [&] {
      read_settings_of(folder.config(), [&] { read = resolve(config); });
      if (further.changes.empty()) return;
      changes = apply_changes(config, further.changes);
      read = resolve(config);
    });
    data = load_run_data(read->config);
    run.emplace(*read, *data, folder, options, std::move(lock));
  });
  together(ranks_here(), [&] { run->restore(further, changes); });
  return run->run();
}

}  // namespace nelbo
