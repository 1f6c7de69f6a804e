#include <filesystem>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "apps/cli/commands.hpp"
#include "apps/cli/run_flags.hpp"
#include "apps/cli/standard_streams.hpp"
#include "apps/exit_code.hpp"
#include "apps/reports/run_report.hpp"
#include "autodiff/error.hpp"
#include "lab/files/atomic_file.hpp"
#include "lab/files/one_line.hpp"

namespace nelbo {
namespace {

struct ReportFlags {
  std::vector<std::string> runs;
  std::string out;
};

/// "sweep-1", of a single folder; else "Runs side by side".
std::string title_of(const std::vector<std::string>& paths) {
  if (paths.size() != 1) return "Runs side by side";
  std::filesystem::path folder(paths.front());
  if (!folder.has_filename()) folder = folder.parent_path();
  return folder.filename().string();
}

int run_report(const ReportFlags& flags) {
  const FoundRuns found = find_runs(flags.runs);
  if (found.runs.empty()) {
    throw Error(found.notes.empty() ? flags.runs.front() + ": holds no run" : found.notes.front());
  }
  for (const std::string& note : found.notes) tell(note);
  std::filesystem::path folder;  // here, of several that were named
  if (found.runs.size() == 1) {
    folder = found.runs.front().folder;
  } else if (flags.runs.size() == 1) {
    folder = flags.runs.front();
  }
  const std::string out = flags.out.empty() ? (folder / "report.html").string() : flags.out;
  check_output(out);
  write_file_atomically(out, html_report(found.runs, title_of(flags.runs), found.notes));
  beside(out) << "report: " << data::one_line(out) << "\n";
  return exit_done;
}

Action declare_report(CommandLine& command) {
  auto flags = std::make_shared<ReportFlags>();
  command.flag("RUN", flags->runs, "run folders, or folders of runs (a sweep); one or more")
      .required()
      .type("");
  command
      .flag("--out", flags->out,
            "the page; - is stdout [RUN/report.html of one run or folder, else report.html]")
      .type("FILE.html");
  command.footer(
      R"help(One HTML page that holds all of itself, pictures too, and loads nothing. Of one run: its
numbers, curves of every term, the latent variables and which have collapsed, the ledger,
pictures, settings, and the command that makes it again. Of several: a table with what
differs marked, means over seeds, rate against distortion, and their curves laid over each
other. `nelbo train` writes one into the run folder when it ends.

Examples:
  nelbo report runs/burda-mnist-elbo-s0
  nelbo report runs/beta1 runs/beta4 runs/beta10 --out beta.html
  nelbo report runs/sweep-1)help");
  return [flags] { return run_report(*flags); };
}

}  // namespace

Command report_command() {
  return {"report", "Write a page about a run, or about several side by side", declare_report};
}

}  // namespace nelbo
