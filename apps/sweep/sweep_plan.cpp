#include "apps/sweep/sweep_plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>

#include "apps/cli/fail.hpp"
#include "apps/cli/print_json.hpp"
#include "apps/cli/read_json.hpp"
#include "lab/files/atomic_file.hpp"
#include "lab/files/one_line.hpp"
#include "lab/files/system_reason.hpp"
#include "lab/training/run_lock.hpp"

namespace nelbo {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr std::size_t longest_name = 100;  // bytes, of 255 that file systems take

std::string list_of(const fs::path& folder) { return (folder / "sweep.json").string(); }

/// "03_beta=4_lr=1e-3_seed=0": the number makes it the only one, whatever a file system cannot take.
std::string name_of(std::size_t number, const Combination& choice) {
  std::string name = fmt::format("{:02}", number);
  for (const auto& [key, value] : choice) name += "_" + key + "=" + value;
  for (char& c : name) {
    const bool plain = std::isalnum(static_cast<unsigned char>(c)) ||
                       std::string("._+=-,").find(c) != std::string::npos;
    if (!plain) c = '-';
  }
  return name.substr(0, longest_name);
}

void write_list(const fs::path& folder, const std::vector<SweepRun>& runs) {
  Json list{{"runs", Json::array()}};
  for (const SweepRun& run : runs)
    list["runs"].push_back({{"name", run.name}, {"words", run.words}});
  write_file_atomically(list_of(folder), json_text(list));
}

}  // namespace

std::vector<SweepRun> planned_runs(const fs::path& folder) {
  std::vector<SweepRun> runs;
  const std::string path = list_of(folder);
  if (!fs::exists(path)) return runs;
  const Json list = read_json_object(path);
  try {
    for (const Json& one : list.at("runs")) {
      runs.push_back({one.at("name"), one.at("words")});
      const std::string& name = runs.back().name;
      const bool printable = data::one_line(name) == name;
      if (name.empty() || name.front() == '.' || name.find('/') != std::string::npos ||
          !printable) {
        fail(path, "'{}' is no name of a run", name);
      }
    }
  } catch (const nlohmann::json::exception&) {
    fail(path,
         "is not the list of a sweep's runs; put the whole file back, or name another folder");
  }
  return runs;
}

std::vector<SweepRun> plan_sweep(const fs::path& folder, const std::vector<std::string>& words,
                                 const std::vector<Combination>& choices) {
  std::vector<SweepRun> all = planned_runs(folder), wanted;
  for (const Combination& choice : choices) {
    const std::vector<std::string> own = filled_in(words, choice);
    auto known =
        std::find_if(all.begin(), all.end(), [&](const SweepRun& run) { return run.words == own; });
    if (known == all.end()) {
      all.push_back({name_of(all.size() + 1, choice), own});
      known = all.end() - 1;
    }
    wanted.push_back(*known);
  }
  write_list(folder, all);
  return wanted;
}

void check_sweep_folder(const fs::path& folder) {
  std::error_code error;
  if (!fs::exists(folder, error) || fs::exists(list_of(folder), error)) return;
  fs::directory_iterator entries(folder, error);
  if (error) fail(folder.string(), "cannot be read: {}", data::system_reason(error.value()));
  for (const fs::directory_entry& entry : entries) {
    if (entry.path().filename() == RunLock::file) continue;
    fail(folder.string(), "is not empty, and is not the folder of a sweep; name another");
  }
}

fs::path new_sweep_folder() {
  for (int number = 1;; ++number) {
    fs::path folder = fs::path("runs") / fmt::format("sweep-{}", number);
    std::error_code error;
    if (!fs::exists(fs::symlink_status(folder, error))) return folder;
  }
}

}  // namespace nelbo
