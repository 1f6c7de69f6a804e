#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "apps/cli/commands.hpp"
#include "apps/cli/cores.hpp"
#include "apps/cli/fail.hpp"
#include "apps/cli/program_name.hpp"
#include "apps/cli/run_flags.hpp"
#include "apps/cli/signals.hpp"
#include "apps/cli/words_given.hpp"
#include "apps/exit_code.hpp"
#include "apps/shards/work.hpp"
#include "apps/sweep/grid.hpp"
#include "apps/sweep/show_sweep.hpp"
#include "apps/sweep/sweep_plan.hpp"
#include "apps/sweep/sweep_processes.hpp"
#include "autodiff/setting_error.hpp"
#include "lab/files/atomic_file.hpp"
#include "lab/files/one_line.hpp"
#include "lab/files/shell_word.hpp"
#include "lab/files/system_reason.hpp"
#include "lab/training/run_lock.hpp"
#include "lab/training/seed_list.hpp"

namespace nelbo {
namespace {

namespace fs = std::filesystem;

struct SweepFlags {
  std::vector<std::string> grids, command;
  std::optional<std::string> seeds, out;
  std::optional<std::int64_t> jobs, threads;
  bool json = false;
  ShardFlags shards;
};

/// What the sweep itself says to its runs.
const std::vector<std::string> own_flags{"out", "resume", "threads", "json", "seeds"};

std::vector<Grid> grids_of(const SweepFlags& flags) {
  std::vector<Grid> grids;
  for (const std::string& text : flags.grids) grids.push_back(read_grid(text));
  if (flags.seeds) {
    Grid seeds{.name = "seed", .values = {}};
    for (const std::uint64_t seed : read_seeds(*flags.seeds)) {
      seeds.values.push_back(std::to_string(seed));
    }
    grids.push_back(std::move(seeds));
  }
  if (grids.empty()) throw SettingError("grid", "is missing: name what varies, or give --seeds");
  for (const Grid& grid : grids) {
    if (std::find(own_flags.begin(), own_flags.end(), grid.name) != own_flags.end()) {
      throw SettingError("grid", "'" + grid.name + "' is not for a sweep to vary");
    }
  }
  return grids;
}

void check_command(const std::vector<std::string>& words) {
  if (words.front() != "train") {
    throw SettingError("", "after -- comes the command to sweep, 'train' and its flags; '" +
                               words.front() + "' is none");
  }
  for (const std::string& word : words) {
    for (const std::string& name : own_flags) {
      const std::string flag = "--" + name;
      if (word != flag && !word.starts_with(flag + "=")) continue;
      throw SettingError("", flag +
                                 " is not for the command of a sweep, which says itself where its "
                                 "runs go and with how many threads");
    }
  }
}

/// Where a terminal shows it, and what `nelbo sweep 2> log` keeps.
void say(const std::string& line) { std::cerr << line << "\n"; }

Spread spread_of(const SweepFlags& flags, std::size_t runs) {
  const std::size_t cores = flags.threads ? std::size_t(*flags.threads) : default_threads();
  Spread spread;
  spread.at_once = std::clamp<std::size_t>(flags.jobs ? std::size_t(*flags.jobs) : cores, 1,
                                           std::max<std::size_t>(runs, 1));
  spread.threads = std::max<std::size_t>(cores / spread.at_once, 1);
  return spread;
}

/// The folders of the runs that were begun.
std::vector<std::string> begun(const fs::path& folder, const std::vector<SweepRun>& runs) {
  std::vector<std::string> paths;
  std::error_code error;
  for (const SweepRun& run : runs) {
    const fs::path path = folder / run.name;
    if (fs::exists(path / "config.toml", error)) paths.push_back(path.string());
  }
  return paths;
}

/// The runs that are this process's own: all, or those of the shard.
std::vector<SweepRun> own_runs(const std::vector<SweepRun>& all, const std::string& shard) {
  if (shard.empty()) return all;
  const Shard own = read_shard(shard);
  std::vector<SweepRun> runs;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (own.takes(i)) runs.push_back(all[i]);
  }
  return runs;
}

/// The words that started the sweep, with its folder where they did not name it, as a shell reads
/// them.
std::string command_again(std::vector<std::string> words, const fs::path& folder) {
  const auto end = std::find(words.begin(), words.end(), "--");
  const auto named = [](const std::string& word) {
    return word == "--out" || word.starts_with("--out=");
  };
  if (std::none_of(words.begin(), end, named)) {
    words.insert(end, {"--out", folder.string()});
  }
  return data::printable(data::shell_words(words), "");
}

int run_sweep(const SweepFlags& flags) {
  const std::vector<Grid> grids = grids_of(flags);
  check_command(flags.command);
  check_words(flags.command, grids);
  const std::vector<Combination> wanted_runs = combinations(grids);
  fs::path folder = flags.out ? fs::path(*flags.out) : new_sweep_folder();
  if (!folder.has_filename()) folder = folder.parent_path();
  if (!flags.shards.shard.empty()) {
    read_shard(flags.shards.shard);
    if (!flags.out) throw SettingError("shard", "needs --out, a folder of the shard's own");
  }
  read_setting("out", [&] {
    check_output_folder(folder.string());
    check_sweep_folder(folder);
  });
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) fail(folder.string(), "cannot be made: {}", data::system_reason(error.value()));
  const RunLock lock(folder);
  tell(lock.note());
  install_signal_handlers();
  const std::vector<SweepRun> runs =
      own_runs(plan_sweep(folder, flags.command, wanted_runs), flags.shards.shard);
  const std::vector<std::string> given = words_given();
  SweepProcesses processes(folder, given.empty() ? program_name() : given.front(), say);
  std::vector<SweepRun> open = runs;
  std::erase_if(open, [&](const SweepRun& run) { return run_has_ended(folder, run.name); });
  const Spread spread = spread_of(flags, open.size());
  say(fmt::format("{}: {} runs, {} of them finished; {} at once, {} thread{} each",
                  data::one_line(folder.string()), runs.size(), runs.size() - open.size(),
                  spread.at_once, spread.threads, spread.threads == 1 ? "" : "s"));
  const int signal = processes.run(open, spread);
  show_sweep(begun(folder, runs), folder, flags.json);
  if (signal == 0 && processes.failures() == 0) return exit_done;
  const std::string again = "go on with\n  " + command_again(given, folder) + "\n";
  if (signal != 0) {
    std::cerr << "interrupted; " << again;
    return exit_code_of_signal(signal);
  }
  std::cerr << fmt::format("{}{} of {} runs failed; when that is mended, {}", message_head(),
                           processes.failures(), runs.size(), again);
  return exit_failure;
}

Action declare_sweep(CommandLine& command) {
  auto flags = std::make_shared<SweepFlags>();
  command
      .repeated(
          "--grid", flags->grids,
          "a name and its values, separated by commas outside of brackets, or by | where one is "
          "there; once for every name. The command's {NAME} stands for the value; a name that it "
          "does not use is passed as --NAME=VALUE")
      .type("NAME=VALUE,...");
  command.flag("--seeds", flags->seeds, "the seeds of every configuration: 0..4, or 1,3,5")
      .type("LIST");
  command
      .flag(
          "--out", flags->out,
          "the folder of the sweep; runs in it that are finished are not made again, others go on "
          "[runs/sweep-N]")
      .type("DIR");
  command.number("--jobs", flags->jobs, 1, 1024, "runs at once [as many as threads]");
  command.number("--threads", flags->threads, 1, 1024,
                 "threads for all runs together [the cores this process may use]");
  add_shard_flags(command, flags->shards, /*out=*/false);
  command.flag("--json", flags->json, "print the result as one JSON object on stdout");
  command.flag("COMMAND", flags->command, "after --: train and its flags").required().type("");
  command.footer(
      R"help(Every combination is a run of its own in DIR, in a numbered folder whose name says what
differs, with its output beside it in a .log. One that fails does not stop the others. Ctrl-C
saves all runs, and the same command goes on with them; a sweep that was killed goes on in
the same way. It ends with a table on stdout and DIR/report.html; the exit code is 1 where a
run failed.

Examples:
  nelbo sweep --grid beta=0.1,1,4,10 --seeds 0..2 -- \
      train --data sprites --objective "nell + {beta}*div" --epochs 20
  nelbo sweep --grid lr=1e-3,3e-4 --grid 'hidden=400,400|200,200' -- train --preset quickstart
  nelbo sweep --out runs/beta --grid beta=0.1,1,4,10,40 -- \
      train --data sprites --objective "nell + {beta}*div"     # further values in the same folder
  nelbo sweep --out runs/part-0 --shard 0/4 --grid lr=1e-3,3e-4 --seeds 0..9 -- \
      train --preset quickstart        # of four machines the first; nelbo gather runs/part-*)help");
  return [flags] { return run_sweep(*flags); };
}

}  // namespace

Command sweep_command() {
  return {"sweep", "Train every combination of some settings, several at once", declare_sweep};
}

}  // namespace nelbo
