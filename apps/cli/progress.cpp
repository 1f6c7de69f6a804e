#include "apps/cli/progress.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "apps/cli/terminal.hpp"
#include "lab/files/one_line.hpp"

namespace nelbo {
namespace {

constexpr std::chrono::milliseconds redraw_interval{100};
constexpr double smoothing_seconds = 3;  // rates forget what is older than a few of these

/// 950, 9.5k, 95.0k, 1.2M.
std::string short_count(double x) {
  if (x >= 999.5e3) return fmt::format("{:.1f}M", x / 1e6);
  if (x >= 999.5) return fmt::format("{:.1f}k", x / 1e3);
  return fmt::format("{:.0f}", x);
}

double fraction_done(const BarState& state) {
  const double all = double(state.plan.last_step - state.plan.first_step);
  return all > 0 ? std::clamp(double(state.step - state.plan.first_step) / all, 0.0, 1.0) : 1.0;
}

std::string bar(double fraction, int cells, bool color) {
  const int full = int(fraction * cells);
  const std::string done = std::string(std::size_t(full), '=') + (full < cells ? ">" : "");
  const std::string rest(std::size_t(std::max(0, cells - full - 1)), '-');
  if (!color) return "[" + done + rest + "]";
  return "[\x1b[32m" + done + "\x1b[2;39m" + rest + "\x1b[0m]";
}

}  // namespace

ProgressStyle progress_style(bool quiet) {
  if (quiet) return ProgressStyle::silent;
  return stderr_is_terminal() ? ProgressStyle::bar : ProgressStyle::lines;
}

std::string duration_text(double seconds) {
  if (!std::isfinite(seconds) || seconds > 1e9) return "--:--";
  const auto s = std::int64_t(std::max(0.0, seconds) + 0.5);
  if (s < 3600) return fmt::format("{}:{:02}", s / 60, s % 60);
  return fmt::format("{}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60);
}

std::string bar_text(const BarState& state, int width, bool color) {
  const ProgressPlan& plan = state.plan;
  const double fraction = fraction_done(state);
  const std::uint64_t epoch = std::min(state.step / plan.steps_per_epoch + 1, plan.epochs());
  const std::string head = fmt::format("epoch {}/{} ", epoch, plan.epochs());
  const std::string objective = fmt::format("  {} {:.2f}", plan.label, state.train_objective);
  const std::string held_out = std::isnan(state.held_out_objective)
                                   ? ""
                                   : fmt::format(" test {:.2f}", state.held_out_objective);
  const std::string rate = fmt::format("  {} ex/s", short_count(state.examples_per_second));
  const std::string left = fmt::format("  ETA {}", duration_text(state.seconds_left));

  // In the order of what a reader misses most; the last column stays free, or some terminals wrap.
  int room = width - 1;
  const auto fits = [&room](const std::string& part) {
    if (int(part.size()) > room) return false;
    room -= int(part.size());
    return true;
  };
  const std::string percent = fmt::format("{:.0f}%", std::floor(100 * fraction));
  const bool shows_percent = fits(percent), shows_head = fits(head),
             shows_objective = fits(objective), shows_left = fits(left), shows_rate = fits(rate),
             shows_held_out = fits(held_out);
  const int cells = std::min(room - 3, 40);  // two brackets and a space

  std::string text;
  if (shows_head) text += head;
  if (cells >= 8) text += bar(fraction, cells, color) + " ";
  if (shows_percent) text += percent;
  if (shows_objective) text += color ? "\x1b[1m" + objective + "\x1b[0m" : objective;
  if (shows_held_out) text += held_out;
  if (shows_rate) text += rate;
  if (shows_left) text += left;
  return text;
}

std::string epoch_text(const ProgressPlan& plan, const EpochReport& report) {
  const auto metrics = [&](const Metrics& m) {
    std::string terms;
    for (std::size_t i = 0; i < report.names.size(); ++i) {
      if (report.names[i] == plan.label) continue;
      terms += fmt::format("{}{} {:.3f}", terms.empty() ? "" : ", ", report.names[i], m.terms[i]);
    }
    return fmt::format("{} {:.3f}{}", plan.label, m.objective,
                       terms.empty() ? "" : " (" + terms + ")");
  };
  const std::string valid =
      report.validation ? "  valid " + metrics(*report.validation) : std::string();
  return fmt::format("epoch {}/{}  train {}{}  test {}  {:.0f} examples/s  {:.1f} s", report.epoch,
                     plan.epochs(), metrics(report.train), valid, metrics(report.held_out),
                     report.examples_per_second, report.seconds);
}

Progress::Progress(const ProgressPlan& plan, ProgressStyle style)
    : style_(style), color_(stderr_takes_color()), last_draw_(Clock::now()) {
  state_.plan = plan;
  state_.plan.label = data::one_line(plan.label);
  state_.step = step_at_draw_ = plan.first_step;
}

Progress::~Progress() { finish(); }

void Progress::line(const std::string& text) {
  if (style_ == ProgressStyle::silent) return;
  erase();
  put_on_stderr(data::printable(text, "") + "\n");
}

void Progress::step(std::uint64_t step, std::uint64_t examples, double objective) {
  if (style_ != ProgressStyle::bar) return;
  state_.step = step;
  state_.train_objective = objective;
  examples_since_draw_ += examples;
  const Clock::time_point now = Clock::now();
  if (now - last_draw_ >= redraw_interval) draw(now);
}

void Progress::epoch(const EpochReport& report) {
  state_.held_out_objective = report.held_out.objective;
  const bool shown = drawn_;
  line(epoch_text(state_.plan, report));
  if (shown) show_bar();  // at once: what comes after an epoch, pictures too, takes its time
}

void Progress::finish() {
  erase();
  style_ = ProgressStyle::silent;
}

void Progress::draw(Clock::time_point now) {
  const double seconds = std::chrono::duration<double>(now - last_draw_).count();
  const bool first = steps_per_second_ == 0;
  const double weight = first ? 1 : 1 - std::exp(-seconds / smoothing_seconds);
  const auto smooth = [&](double& rate, double count) {
    rate += weight * (count / seconds - rate);
  };
  smooth(state_.examples_per_second, double(examples_since_draw_));
  smooth(steps_per_second_, double(state_.step - step_at_draw_));
  state_.seconds_left =
      double(state_.plan.last_step - std::min(state_.step, state_.plan.last_step)) /
      steps_per_second_;

  show_bar();
  last_draw_ = now;
  examples_since_draw_ = 0;
  step_at_draw_ = state_.step;
}

void Progress::show_bar() {
  put_on_stderr(fmt::format("\r{}\x1b[K", bar_text(state_, terminal_width(), color_)));
  drawn_ = true;
}

void Progress::erase() {
  if (drawn_) put_on_stderr("\r\x1b[K");
  drawn_ = false;
}

}  // namespace nelbo
