#include "apps/sweep/show_sweep.hpp"

#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>

#include "apps/cli/fail.hpp"
#include "apps/cli/print_json.hpp"
#include "apps/cli/run_flags.hpp"
#include "apps/reports/run_report.hpp"
#include "apps/reports/run_table.hpp"
#include "apps/sweep/sweep_processes.hpp"
#include "lab/files/atomic_file.hpp"
#include "lab/files/one_line.hpp"

namespace nelbo {

namespace fs = std::filesystem;

void show_sweep(const std::vector<std::string>& paths, const fs::path& folder, bool json) {
  FoundRuns found = find_runs(paths);
  for (const std::string& note : found.notes) tell(note);
  const std::vector<Difference> differs = differences(found.runs);
  std::string page;
  if (!found.runs.empty()) {
    page = (folder / "report.html").string();
    write_file_atomically(page, html_report(found.runs, folder.filename().string(), found.notes));
  }
  if (json) {
    print_json(
        {{"sweep", folder.string()},
         {"report", page.empty() ? nlohmann::ordered_json(nullptr) : nlohmann::ordered_json(page)},
         {"runs", runs_json(found.runs, differs)}});
    return;
  }
  if (page.empty()) return;
  std::cout << aligned(run_table(found.runs, differs));
  const Table seeds = seed_table(found.runs, by_seed(found.runs, differs));
  if (!seeds.rows.empty())
    std::cout << "\nmean +- standard deviation over seeds\n" << aligned(seeds);
  std::cout << "report: " << data::one_line(page) << "\n";
}

GatheredSweep gather_sweep(const std::vector<std::string>& folders) {
  GatheredSweep sweep{.runs = planned_runs(folders.front()), .paths = {}, .missing = {}};
  for (const std::string& folder : folders) {
    const bool alike = std::ranges::equal(sweep.runs, planned_runs(folder),
                                          [](const SweepRun& a, const SweepRun& b) {
                                            return a.name == b.name && a.words == b.words;
                                          });
    if (!alike) fail(folder, "is of another sweep than {}", folders.front());
  }
  for (const SweepRun& run : sweep.runs) {
    std::string path;
    for (const std::string& folder : folders) {
      if (!run_has_ended(folder, run.name)) continue;
      if (!path.empty()) fail(folder, "holds {}, as {} does", run.name, path);
      path = (fs::path(folder) / run.name).string();
    }
    (path.empty() ? sweep.missing : sweep.paths).push_back(path.empty() ? run.name : path);
  }
  return sweep;
}

}  // namespace nelbo
