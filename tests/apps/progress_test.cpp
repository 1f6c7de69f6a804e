#include "apps/cli/progress.hpp"
#include "apps/cli/progress_line.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "apps/cli/cores.hpp"
#include "apps/cli/signals.hpp"
#include "tests/catch.hpp"

using namespace nelbo;
using namespace nelbo::tests;

namespace {

BarState halfway() {
  BarState state;
  state.plan = {.first_step = 100, .last_step = 300, .steps_per_epoch = 50, .label = "elbo"};
  state.step = 200;
  state.examples_per_second = 12345;
  state.seconds_left = 75;
  state.train_objective = -104.321;
  state.held_out_objective = -105.1;
  return state;
}

/// The exit code of a child that runs `body`, or minus the signal that ended it.
template <class Body>
int code_of_child(const Body& body) {
  const pid_t child = fork();
  if (child == 0) {
    body();
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

}  // namespace

TEST_CASE("The bar says where the run stands") {
  // 200 of the steps 100..300 of this process: half of its bar, epoch 5 of 6.
  CHECK(bar_text(halfway(), 200, false) ==
        "epoch 5/6 [====================>-------------------] 50%  elbo -104.32 test -105.10  "
        "12.3k ex/s  ETA 1:15");
}

TEST_CASE("The bar never reaches the last column, however narrow the terminal") {
  for (int width = 1; width <= 200; ++width) {
    CAPTURE(width);
    CHECK(int(bar_text(halfway(), width, false).size()) < width + (width == 1));
  }
  CHECK(bar_text(halfway(), 5, false) == "50%");
  CHECK(bar_text(halfway(), 14, false) == "epoch 5/6 50%");
}

TEST_CASE("Colour adds control sequences and nothing else") {
  std::string plain;
  const std::string colored = bar_text(halfway(), 120, true);
  for (std::size_t i = 0; i < colored.size(); ++i) {
    if (colored[i] == '\x1b')
      i = colored.find('m', i);
    else
      plain += colored[i];
  }
  CHECK(plain == bar_text(halfway(), 120, false));
  CHECK(colored != plain);
}

TEST_CASE("The bar at its ends, and before anything is known") {
  BarState state = halfway();
  state.step = 300;
  state.seconds_left = 0;
  CHECK_THAT(bar_text(state, 120, false), contains("epoch 6/6 ["));
  CHECK_THAT(bar_text(state, 120, false), contains("=] 100%"));
  BarState start;
  start.plan = {.first_step = 0, .last_step = 10, .steps_per_epoch = 10};
  start.seconds_left = 1.0 / 0.0;
  CHECK_THAT(bar_text(start, 120, false), contains("epoch 1/1 [>---"));
  CHECK_THAT(bar_text(start, 120, false), contains("ETA --:--"));
  CHECK(bar_text(start, 120, false).find("test") == std::string::npos);
}

TEST_CASE("An epoch's line") {
  const EpochReport report{.epoch = 2,
                           .names = {"elbo", "nell", "div"},
                           .train = {80, 25, -105, {-105, 80, 25}},
                           .held_out = {81.5, 25.25, -106.75, {-106.75, 81.5, 25.25}},
                           .examples_per_second = 54321,
                           .seconds = 12.34};
  const ProgressPlan plan{.last_step = 450, .steps_per_epoch = 100, .label = "elbo"};
  CHECK(epoch_text(plan, report) ==
        "epoch 2/5  train elbo -105.000 (nell 80.000, div 25.000)  "
        "test elbo -106.750 (nell 81.500, div 25.250)  54321 examples/s  12.3 s");
}

TEST_CASE("Durations") {
  CHECK(duration_text(0) == "0:00");
  CHECK(duration_text(7.4) == "0:07");
  CHECK(duration_text(59.6) == "1:00");
  CHECK(duration_text(754) == "12:34");
  CHECK(duration_text(11045) == "3:04:05");
  CHECK(duration_text(-1) == "0:00");
}

TEST_CASE("Without a terminal: lines of the header and of epochs, no bar, nothing when quiet") {
  int ends[2];
  const auto output_of = [&](ProgressStyle style) {
    REQUIRE(pipe(ends) == 0);
    code_of_child([&] {
      dup2(ends[1], STDERR_FILENO);
      Progress progress({.last_step = 100, .steps_per_epoch = 50}, style);
      progress.line("header");
      for (std::uint64_t step = 1; step <= 3; ++step) {
        progress.step(step, 100, -1);
        usleep(110000);  // longer than between two drawings
      }
      progress.epoch({.epoch = 1});
    });
    close(ends[1]);
    std::string text(10000, '\0');
    text.resize(std::size_t(std::max<ssize_t>(0, read(ends[0], text.data(), text.size()))));
    close(ends[0]);
    return text;
  };
  const std::string lines = output_of(ProgressStyle::lines);
  CHECK(lines.rfind("header\nepoch 1/2  train", 0) == 0);
  CHECK(lines.find('\r') == std::string::npos);
  CHECK(lines.find('\x1b') == std::string::npos);
  CHECK(output_of(ProgressStyle::silent).empty());
  // On a terminal the bar comes and goes: the last thing written erases it.
  const std::string bar = output_of(ProgressStyle::bar);
  CHECK(bar.rfind("header\n\r", 0) == 0);
  CHECK_THAT(bar, contains("epoch 1/2 ["));
  CHECK(bar.substr(bar.size() - 4) == "\r\x1b[K");
  // The line of an epoch takes the bar's place, and the bar comes back below it.
  const std::size_t line = bar.find("\r\x1b[Kepoch 1/2  train");
  REQUIRE(line != std::string::npos);
  CHECK_THAT(bar.substr(bar.find('\n', line)), contains("\repoch 1/2 ["));
}

TEST_CASE("Names in progress lines are shown, not obeyed; the bar's own sequences stay") {
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  code_of_child([&] {
    dup2(ends[1], STDERR_FILENO);
    Progress progress({.last_step = 100, .steps_per_epoch = 50, .label = "l\x1b[2J"},
                      ProgressStyle::bar);
    progress.line("data  a\x1b[31m\nb\xC2\x9B\xFF");
    usleep(110000);  // longer than between two drawings
    progress.step(1, 100, -1);
    progress.finish();
    ProgressLine line("w\x07", ProgressStyle::bar);
    usleep(110000);
    line.update(0.5);
  });
  close(ends[1]);
  std::string text(10000, '\0');
  text.resize(std::size_t(std::max<ssize_t>(0, read(ends[0], text.data(), text.size()))));
  close(ends[0]);
  CHECK(text.rfind("data  a\\x1b[31m\\x0ab\\xc2\\x9b\\xff\n\r", 0) == 0);
  CHECK_THAT(text, contains("l\\x1b[2J -1.00") && contains("w\\x07 50%") && contains("\r\x1b[K"));
  CHECK(text.find("\x1b[2J") == std::string::npos);
}

TEST_CASE("The first signal is noted, the second ends the process with its code") {
  CHECK(code_of_child([] {
          install_signal_handlers();
          if (pending_signal() != 0) _exit(1);
          raise(SIGTERM);
          _exit(pending_signal() == SIGTERM ? 7 : 2);
        }) == 7);
  CHECK(code_of_child([] {
          install_signal_handlers();
          raise(SIGINT);
          raise(SIGTERM);
        }) == 143);
  CHECK(code_of_child([] {
          exit_on_signals();
          raise(SIGINT);
        }) == 130);
  CHECK(code_of_child([] {  // as in a script's background job
          signal(SIGINT, SIG_IGN);
          install_signal_handlers();
          raise(SIGINT);
          _exit(pending_signal() == SIGINT ? 7 : 2);
        }) == 7);
}

TEST_CASE("CPU quotas of control groups") {
  CHECK(cpu_quota("max 100000") == 0);
  CHECK(cpu_quota("200000 100000") == 2);
  CHECK(cpu_quota("150000 100000") == 2);
  CHECK(cpu_quota("5000 100000") == 1);
  CHECK(cpu_quota("") == 0);
  CHECK(cpu_quota("nonsense") == 0);
  CHECK(default_threads() >= 1);
}
