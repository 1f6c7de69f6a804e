#include "apps/sweep/sweep_processes.hpp"

#include <fmt/format.h>

#include <chrono>
#include <deque>
#include <optional>
#include <sstream>
#include <thread>

#include "apps/cli/progress.hpp"
#include "apps/cli/signals.hpp"
#include "apps/exit_code.hpp"
#include "apps/reports/run_history.hpp"
#include "apps/sweep/child.hpp"
#include "autodiff/error.hpp"
#include "lab/files/safetensors.hpp"
#include "lab/training/run_folder.hpp"

namespace nelbo {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds look_interval{50};

struct Running {
  const SweepRun* run;
  Clock::time_point start;
  Child child;
};

/// Whether the last checkpoint is of the run's end: a process may be ended after it, and before its
/// record says so.
bool trained_to_its_end(const fs::path& path) {
  try {
    const RunFolder folder = RunFolder::open(path);
    const TrainConfig config = read_config(folder);
    const auto metadata = safetensors::Reader(folder.last()).metadata();
    const auto number = [&](const char* key) { return std::stoull(metadata.at(key)); };
    if (config.epochs && number("epoch") >= *config.epochs) return true;
    if (config.steps && number("step") >= *config.steps) return true;
    const FoundRuns found =
        find_runs({path.string()});  // or the last epoch says why it is the last
    return found.runs.size() == 1 && !found.runs[0].reason.empty() &&
           double(number("epoch")) == found.runs[0].epochs_made();
  } catch (const std::exception&) {  // then training tells what is wrong
    return false;
  }
}

/// The last line of a log that says something of its own: further lines of a message are indented.
std::string last_line(const std::string& log) {
  try {
    std::istringstream lines(read_text(log));
    std::string last;
    for (std::string line; std::getline(lines, line);) {
      if (!line.empty() && line.front() != ' ') last = line;
    }
    return last;
  } catch (const Error&) {
    return "";
  }
}

/// The words of a run's command that its folder does not keep: a process that goes on with it is
/// told again.
std::vector<std::string> told_again(const std::vector<std::string>& words) {
  std::vector<std::string> all;
  for (std::size_t i = 0; i < words.size(); ++i) {
    for (const std::string name : {"--log-gradient-snr", "--pictures"}) {
      if (words[i] == name && i + 1 < words.size()) {
        all.insert(all.end(), {name, words[i + 1]});
      } else if (words[i].starts_with(name + "=")) {
        all.push_back(words[i]);
      }
    }
    if (words[i] == "--quiet") all.push_back(words[i]);
  }
  return all;
}

std::string what_happened(int code) {
  if (code == exit_done) return "finished";
  if (code == exit_not_finite) return "not finite";
  return code == exit_interrupted || code == exit_terminated ? "interrupted"
                                                             : fmt::format("failed ({})", code);
}

}  // namespace

bool run_has_ended(const fs::path& sweep, const std::string& name) {
  const fs::path folder = sweep / name;
  std::error_code error;
  if (!fs::exists(folder / "config.toml", error) || !RunLock::owner(folder).empty()) return false;
  return run_status(folder) == "finished" || trained_to_its_end(folder);
}

std::vector<std::string> SweepProcesses::command_of(const SweepRun& run,
                                                    std::size_t threads) const {
  const std::string folder = (folder_ / run.name).string();
  std::error_code error;
  std::vector<std::string> words{program_};
  if (fs::exists(folder + "/config.toml", error)) {
    words.insert(words.end(), {"train", "--resume", folder});
    const std::vector<std::string> more = told_again(run.words);
    words.insert(words.end(), more.begin(), more.end());
  } else {
    words.insert(words.end(), run.words.begin(), run.words.end());
    words.insert(words.end(), {"--out", folder});
  }
  words.insert(words.end(), {"--threads", std::to_string(threads)});
  return words;
}

void SweepProcesses::tell_end(const SweepRun& run, int code, const std::string& place,
                              double seconds) {
  std::string line =
      fmt::format("{}  {}  {}  {}", place, run.name, what_happened(code), duration_text(seconds));
  if (code != exit_done && pending_signal() == 0) {
    ++failures_;
    const std::string log = (folder_ / (run.name + ".log")).string();
    line += fmt::format("\n    {}: {}", log, last_line(log));
  }
  say_(line);
}

int SweepProcesses::run(const std::vector<SweepRun>& runs, const Spread& spread) {
  std::deque<const SweepRun*> waiting;
  for (const SweepRun& run : runs) waiting.push_back(&run);
  std::vector<Running> running;
  std::size_t ended = 0;
  bool told_signal = false;
  while (!waiting.empty() || !running.empty()) {
    if (const int signal = pending_signal(); signal != 0 && !told_signal) {
      told_signal = true;
      waiting.clear();
      for (const Running& one : running) one.child.signal(signal);
    }
    for (std::size_t tries = waiting.size(); tries > 0 && running.size() < spread.at_once;
         --tries) {
      const SweepRun* next = waiting.front();
      waiting.pop_front();
      if (!RunLock::owner(folder_ / next->name).empty()) {  // of a sweep that was killed just now
        waiting.push_back(next);
        continue;
      }
      const std::string log = (folder_ / (next->name + ".log")).string();
      running.push_back({next, Clock::now(), Child(command_of(*next, spread.threads), log)});
    }
    std::erase_if(running, [&](Running& one) {
      const std::optional<int> code = one.child.ended();
      if (!code) return false;
      tell_end(*one.run, *code, fmt::format("{}/{}", ++ended, runs.size()),
               std::chrono::duration<double>(Clock::now() - one.start).count());
      return true;
    });
    if (!waiting.empty() || !running.empty()) std::this_thread::sleep_for(look_interval);
  }
  return pending_signal();
}

}  // namespace nelbo
