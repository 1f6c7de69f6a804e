#include "apps/reports/run_history.hpp"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <limits>
#include <optional>
#include <set>
#include <sstream>

#include "apps/cli/fail.hpp"
#include "apps/cli/read_json.hpp"
#include "apps/cli/refusal.hpp"
#include "apps/reports/found_of_run.hpp"
#include "autodiff/number_of.hpp"
#include "lab/files/system_reason.hpp"
#include "lab/training/run_folder.hpp"
#include "lab/training/settings.hpp"

namespace nelbo {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr int deepest = 3;  // folders of folders of runs
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

bool there(const fs::path& path) {
  std::error_code error;
  return fs::exists(path, error);
}

bool is_run(const fs::path& folder) {
  return there(folder / "config.toml") || there(folder / "run.json");
}

/// The objects of a file of lines. A last line that is cut short may be being written.
std::vector<Json> read_lines(const std::string& path, std::vector<std::string>& notes) {
  std::vector<Json> lines;
  if (!there(path)) return lines;
  const std::string text = read_text(path);
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) {
    Json json = parsed_json(line);
    if (!json.is_object()) {
      if (!in.eof()) {
        notes.push_back(fmt::format("{}, line {}: is no JSON object; only what is before it counts",
                                    path, lines.size() + 1));
      }
      break;
    }
    lines.push_back(std::move(json));
  }
  return lines;
}

/// A run that says it is running and that no process owns was killed.
std::string status_of(const Json& record, const fs::path& folder) {
  const std::string told = text_at(record, "status");
  if (!told.empty() && told != "running") return told;
  if (!RunLock::owner(folder).empty()) return "running";
  return told.empty() ? "unknown" : "interrupted";
}

std::optional<RunHistory> read_run(const fs::path& path, const std::string& name,
                                   std::vector<std::string>& notes) {
  try {
    const RunFolder folder = RunFolder::open(path);
    RunHistory run{.folder = path, .name = name};
    const TrainConfig config = read_config(folder);
    for (const TrainSetting& setting : settings()) {
      if (const auto value = setting.get(config)) {
        run.settings.emplace_back(setting.name, text_of(*value));
      }
    }
    try {
      if (there(folder.record())) run.record = read_json_object(folder.record());
    } catch (const Error& error) {
      notes.emplace_back(error.what());
    }
    run.curve = read_found(folder.rate_distortion(), run.record, notes);
    run.codes = read_found(folder.disentanglement(), run.record, notes);
    run.status = status_of(run.record, path);
    run.epochs = read_lines(folder.metrics(), notes);
    if (!run.epochs.empty()) run.reason = text_at(run.epochs.back(), "end");
    std::erase_if(run.epochs,
                  [](const Json& line) { return std::isnan(number_at(line, {"epoch"})); });
    run.gradient_snr = read_lines(folder.gradient_snr(), notes);
    return run;
  } catch (const std::exception& error) {
    notes.push_back(fmt::format("{}: is left out: {}", path.string(), reason_of(error)));
    return std::nullopt;
  }
}

/// The folders in a folder in the order of their names.
std::vector<fs::path> inner_folders(const fs::path& folder, std::vector<std::string>& notes) {
  std::vector<fs::path> inner;
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    std::error_code unknown;
    if (at->is_directory(unknown)) inner.push_back(at->path());
  }
  if (error) {
    notes.push_back(folder.string() + ": cannot be read: " + data::system_reason(error.value()));
  }
  std::sort(inner.begin(), inner.end(), [](const fs::path& a, const fs::path& b) {
    return natural_less(a.filename().string(), b.filename().string());
  });
  return inner;
}

class Search {
 public:
  /// Whether there were runs at all, damaged ones among them.
  bool walk(const fs::path& folder, const std::string& name, int depth) {
    if (is_run(folder)) {
      std::error_code error;
      const fs::path place = fs::weakly_canonical(folder, error);
      if (!seen_.insert(error ? folder : place).second) return true;
      if (auto run = read_run(folder, name, found_.notes)) found_.runs.push_back(std::move(*run));
      return true;
    }
    bool any = false;
    if (depth == deepest) return any;
    for (const fs::path& inner : inner_folders(folder, found_.notes)) {
      const std::string own = inner.filename().string();
      any |= walk(inner, depth == 0 ? own : name + "/" + own, depth + 1);
    }
    // What nelbo reproduce leaves of a study of a world is no run, and no stranger either.
    if (!any && !there(folder / "published.json")) {
      found_.notes.push_back(folder.string() + ": holds no run");
    }
    return any;
  }
  FoundRuns take() { return std::move(found_); }

 private:
  FoundRuns found_;
  std::set<fs::path> seen_;
};

}  // namespace

std::string RunHistory::setting(std::string_view name) const {
  for (const auto& [key, value] : settings) {
    if (key == name) return value;
  }
  return "";
}

std::string text_at(const nlohmann::ordered_json& object, const char* key) {
  const auto at = object.find(key);
  return at != object.end() && at->is_string() ? at->get<std::string>() : "";
}

double number_at(const Json& object, std::initializer_list<std::string_view> place) {
  const Json* at = &object;
  for (const std::string_view key : place) {
    if (!at->is_object()) return nan;
    const auto next = at->find(std::string(key));
    if (next == at->end()) return nan;
    at = &*next;
  }
  return at->is_number() ? at->get<double>() : nan;
}

double RunHistory::result(const std::string& split, const std::string& quantity) const {
  const auto in = [&](const Json& object) {
    const double value = number_at(object, {split, quantity});
    return std::isnan(value) && quantity == "objective" ? number_at(object, {split, "bound"})
                                                        : value;
  };
  const double at_end = in(record);
  return std::isnan(at_end) && !epochs.empty() ? in(epochs.back()) : at_end;
}

double RunHistory::epochs_made() const {
  return epochs.empty() ? number_at(record, {"epochs"}) : number_at(epochs.back(), {"epoch"});
}

double RunHistory::epochs_wanted() const {
  return number_of<double>(setting("epochs")).value_or(nan);
}

std::string run_status(const fs::path& folder) {
  const std::string path = RunFolder::open(folder).record();
  return status_of(there(path) ? read_json_object(path) : Json::object(), folder);
}

double RunHistory::seconds() const {
  const double told = number_at(record, {"seconds"});
  return std::isnan(told) && !epochs.empty() ? number_at(epochs.back(), {"seconds"}) : told;
}

FoundRuns find_runs(const std::vector<std::string>& paths) {
  Search search;
  for (const std::string& path : paths) {
    std::error_code error;
    if (!fs::is_directory(path, error)) fail(path, "there is no such folder");
    fs::path folder(path);
    if (!folder.has_filename()) folder = folder.parent_path();  // "runs/x/"
    const std::string name = folder.filename().string();
    search.walk(folder, name == "." || name == ".." ? fs::absolute(folder).string() : name, 0);
  }
  return search.take();
}

bool natural_less(std::string_view a, std::string_view b) {
  const auto digit = [](char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; };
  const auto digits = [&](std::string_view& rest) {  // taken off, without leading zeros
    std::size_t count = 0;
    while (count < rest.size() && digit(rest[count])) ++count;
    std::string_view number = rest.substr(0, count);
    rest.remove_prefix(count);
    while (number.size() > 1 && number.front() == '0') number.remove_prefix(1);
    return number;
  };
  std::string_view x = a, y = b;
  while (!x.empty() && !y.empty()) {
    if (digit(x.front()) && digit(y.front())) {
      const std::string_view m = digits(x), n = digits(y);
      if (m.size() != n.size()) return m.size() < n.size();
      if (m != n) return m < n;
    } else if (x.front() != y.front()) {
      return x.front() < y.front();
    } else {
      x.remove_prefix(1);
      y.remove_prefix(1);
    }
  }
  if (x.empty() != y.empty()) return x.empty();
  return a < b;  // which differ by zeros before a number
}

}  // namespace nelbo
