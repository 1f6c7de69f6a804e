#pragma once
#include <filesystem>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nelbo {

/// What the folder of a training run tells of it, whatever of it is there.
struct RunHistory {
  std::filesystem::path folder;
  std::string name;    // of the folder, below where it was looked for
  std::string status;  // running, finished, interrupted, not finite, failed, or unknown
  std::vector<std::pair<std::string, std::string>> settings;         // by name, as flags take them
  nlohmann::ordered_json record = nlohmann::ordered_json::object();  // run.json
  std::vector<nlohmann::ordered_json> epochs;                        // lines of metrics.jsonl
  std::string reason;  // why it ended, as its last epoch says: epochs, steps, patience
  std::vector<nlohmann::ordered_json> gradient_snr;  // of gradient_snr.jsonl
  // What commands found of the run as it is now: of rate_distortion.json and disentanglement.json.
  nlohmann::ordered_json curve = nlohmann::ordered_json::object();
  nlohmann::ordered_json codes = nlohmann::ordered_json::object();

  /// The text of a setting; empty where the run has none.
  std::string setting(std::string_view name) const;
  /// A number of the run's end as it stands now, {"test", "elbo"}: of its record, or of the last
  /// epoch. NaN where there is none. The objective is found under its name in 0.1.0, "bound", too.
  double result(const std::string& split, const std::string& quantity) const;
  /// Epochs made, and how many are wanted; NaN where nothing tells.
  double epochs_made() const;
  double epochs_wanted() const;
  /// That it took, as its record says, or its last epoch; NaN where neither does.
  double seconds() const;
};

/// The number at a place inside of an object, {"train", "terms", "tc"}; NaN where there is none.
double number_at(const nlohmann::ordered_json& object,
                 std::initializer_list<std::string_view> place);

/// The text of a key; empty where there is none.
std::string text_at(const nlohmann::ordered_json& object, const char* key);

/// How a run folder stands, as its record says; where that says it is running and no process owns the
/// folder, it is interrupted. "unknown" without a record.
std::string run_status(const std::filesystem::path& folder);

/// Runs that were found, and what was found besides: a line per folder or file that could not be
/// read, or that is no run.
struct FoundRuns {
  std::vector<RunHistory> runs;
  std::vector<std::string> notes;
};

/// Reads every run that the paths name: run folders, and folders with runs in them or in folders of
/// theirs (a sweep's), those in the order of their names, numbers by their value. What is damaged or
/// no run is noted. Throws Error where a path does not exist.
FoundRuns find_runs(const std::vector<std::string>& paths);

/// Whether `a` comes before `b`: by characters, but runs of digits by their value.
bool natural_less(std::string_view a, std::string_view b);

}  // namespace nelbo
