#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "apps/cli/commands.hpp"
#include "apps/cli/print_json.hpp"
#include "apps/cli/run_flags.hpp"
#include "apps/exit_code.hpp"
#include "apps/reports/run_table.hpp"
#include "autodiff/setting_error.hpp"

namespace nelbo {
namespace {

struct RunsFlags {
  std::string folder = "runs";
  std::string sort = "run";
  bool json = false, csv = false;
};

int run_runs(const RunsFlags& flags) {
  if (flags.json && flags.csv) {
    throw SettingError("csv", "and --json are two formats; choose one");
  }
  FoundRuns found = find_runs({flags.folder});
  for (const std::string& note : found.notes) tell(note);
  if (flags.sort != "run" && !found.runs.empty()) sort_runs(found.runs, flags.sort);
  const std::vector<Difference> differs = differences(found.runs);
  if (flags.json) {
    print_json({{"runs", runs_json(found.runs, differs)}});
  } else if (flags.csv) {
    std::cout << runs_csv(found.runs, differs);
  } else if (found.runs.empty()) {
    std::cout << "no runs in " << flags.folder << "\n";
  } else {
    std::cout << aligned(run_table(found.runs, differs));
  }
  return exit_done;
}

Action declare_runs(CommandLine& command) {
  auto flags = std::make_shared<RunsFlags>();
  command
      .flag("DIR", flags->folder,
            "a folder of runs, also of sweeps with runs in them, or a single run")
      .type("")
      .otherwise(flags->folder);
  command
      .flag("--sort", flags->sort,
            "a setting, run, status or epochs, upward; objective or elbo, the highest first; nell, "
            "div or seconds, the lowest first")
      .type("KEY")
      .otherwise(flags->sort);
  command.flag("--json", flags->json, "print one JSON object on stdout, with all settings");
  command.flag("--csv", flags->csv, "print the table as CSV, with all digits");
  command.footer(
      R"help(What differs between the runs comes first. Objective, elbo, nell and div are of the test
examples at the end, or after the last epoch of a run that is not at its end; nats per
datum. A run is "running" while a process trains in it, and "interrupted" where a
process was ended before its end: `nelbo train --resume RUN` goes on with it.

Examples:
  nelbo runs
  nelbo runs runs/sweep-1 --sort elbo
  nelbo runs --csv > runs.csv)help");
  return [flags] { return run_runs(*flags); };
}

}  // namespace

Command runs_command() {
  return {"runs", "List runs side by side: settings, status, numbers", declare_runs};
}

}  // namespace nelbo
