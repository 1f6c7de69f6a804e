#pragma once
// What a training run shows on stderr while it runs:
//
//   Progress progress({.first_step = 0, .last_step = 6000, .steps_per_epoch = 600},
//                     progress_style(quiet));
//   progress.line("data       mnist, 60000 train, 10000 test");   // the header
//   ... after every step:   progress.step(step, batch, objective_of_the_epoch_so_far);
//   ... after every epoch:  progress.epoch({epoch, train, test, examples_per_second, seconds});
//   progress.finish();                                            // the destructor does it too
#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "lab/training/metrics.hpp"

namespace nelbo {

enum class ProgressStyle {
  bar,    // a terminal: a line per epoch, and below them one that is redrawn, and erased at the end
  lines,  // a file or pipe: one line per epoch
  silent  // --quiet
};

/// What suits stderr as it is now.
ProgressStyle progress_style(bool quiet);

/// From where to where this run goes; steps are counted from the very first, also when it was
/// resumed.
struct ProgressPlan {
  std::uint64_t first_step = 0;
  std::uint64_t last_step = 0;
  std::uint64_t steps_per_epoch = 1;
  std::string label = "objective";  // of the objective as a gain

  std::uint64_t epochs() const { return (last_step + steps_per_epoch - 1) / steps_per_epoch; }
};

/// A completed epoch, counted from 1; nats per datum.
struct EpochReport {
  std::uint64_t epoch = 0;
  std::vector<std::string> names;  // of the objective's quantities, Metrics::terms
  Metrics train;
  std::optional<Metrics> validation;  // where there are validation examples
  Metrics held_out;
  std::optional<AverageMetrics> average;  // where there is one
  double examples_per_second = 0;
  double seconds = 0;  // since the run began
};

/// What the bar shows.
struct BarState {
  ProgressPlan plan;
  std::uint64_t step = 0;
  double examples_per_second = 0;
  double seconds_left = 0;
  double train_objective = 0;
  double held_out_objective = std::numeric_limits<double>::quiet_NaN();  // NaN: none yet
};

/// The bar in at most `width` columns: what has no room is left out, the bar itself first.
///
///   epoch 3/10 [#########>----------------] 24%  elbo -104.32 test -105.10  12.3k ex/s  ETA 0:41
std::string bar_text(const BarState& state, int width, bool color);

/// "epoch 3/10  train elbo -104.32 (nell 79.20, div 25.12)  test elbo ...  12345 examples/s  5.1
/// s".
std::string epoch_text(const ProgressPlan& plan, const EpochReport& report);

/// "0:07", "12:34", "3:04:05".
std::string duration_text(double seconds);

class Progress {
 public:
  Progress(const ProgressPlan& plan, ProgressStyle style);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// A line of text that stays, above the bar; nothing when silent.
  void line(const std::string& text);
  /// `step` steps have been made, the last on `examples` data; `objective` is the mean of the epoch
  /// to show, nats per datum. Draws at most ten times a second and costs a look at the clock
  /// otherwise.
  void step(std::uint64_t step, std::uint64_t examples, double objective);
  /// The end of an epoch: a line that stays.
  void epoch(const EpochReport& report);
  /// Erases the bar. What comes later is ignored.
  void finish();

 private:
  using Clock = std::chrono::steady_clock;
  void draw(Clock::time_point now);
  void show_bar();
  void erase();

  ProgressStyle style_;
  BarState state_;
  bool color_ = false;
  bool drawn_ = false;  // a bar is on the screen
  Clock::time_point last_draw_;
  std::uint64_t examples_since_draw_ = 0;
  std::uint64_t step_at_draw_ = 0;
  double steps_per_second_ = 0;  // smoothed, as examples_per_second is
};

}  // namespace nelbo
