#include "apps/disentangle/keep.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "apps/cli/print_json.hpp"
#include "apps/cli/refusal.hpp"
#include "apps/cli/run_flags.hpp"
#include "apps/reports/run_report.hpp"
#include "lab/files/atomic_file.hpp"
#include "lab/files/one_line.hpp"
#include "lab/training/run_folder.hpp"

namespace nelbo {

void keep_in_run(const std::string& run, const nlohmann::ordered_json& found) {
  try {
    const RunFolder folder = RunFolder::open(run);
    write_file_atomically(folder.disentanglement(), json_text(found));
    leave_report(folder);
    tell(data::one_line(fmt::format("matrices and metrics are shown in {}", folder.report())));
  } catch (const std::exception& error) {
    tell(fmt::format("not kept in the run folder: {}", reason_of(error)));
  }
}

}  // namespace nelbo
