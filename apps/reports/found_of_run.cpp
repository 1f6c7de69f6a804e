#include "apps/reports/found_of_run.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "apps/cli/print_json.hpp"
#include "apps/cli/read_json.hpp"
#include "apps/cli/refusal.hpp"
#include "apps/cli/run_flags.hpp"
#include "lab/files/atomic_file.hpp"
#include "lab/training/run_folder.hpp"

namespace nelbo {
namespace {

constexpr const char* steps = "steps";

bool is_there(const std::string& path) {
  std::error_code unknown;
  return std::filesystem::is_regular_file(path, unknown);
}

}  // namespace

bool keep_found(const std::string& run, const std::string& path, nlohmann::ordered_json found) {
  try {
    const std::string record_path = RunFolder::open(run).record();
    if (is_there(record_path)) {
      const auto record = read_json_object(record_path);
      if (record.contains(steps)) found[steps] = record[steps];
    }
    write_file_atomically(path, json_text(found));
    return true;
  } catch (const std::exception& error) {
    tell(fmt::format("not kept in the run folder: {}", reason_of(error)));
    return false;
  }
}

nlohmann::ordered_json read_found(const std::string& path, const nlohmann::ordered_json& record,
                                  std::vector<std::string>& notes) {
  if (!is_there(path)) return nlohmann::ordered_json::object();
  try {
    auto found = read_json_object(path);
    const bool of_now =
        !found.contains(steps) || !record.contains(steps) || found[steps] == record[steps];
    if (of_now) return found;
    notes.push_back(fmt::format("{}: is of {} steps, and the run has {} now; it is left out", path,
                                found[steps].dump(), record[steps].dump()));
  } catch (const std::exception& error) {
    notes.emplace_back(error.what());
  }
  return nlohmann::ordered_json::object();
}

}  // namespace nelbo
