#pragma once
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "apps/train/preset_use.hpp"
#include "apps/train/run_result.hpp"
#include "lab/training/trainer.hpp"

namespace nelbo {

/// run.json: what ran, where, and how it ended. Every change is on the disk when the call returns.
class RunRecord {
 public:
  RunRecord(std::string path, std::vector<std::string> argv);
  ~RunRecord();

  /// `start`: what was taken of the settings' init_from, where there is one; `preset`: what the settings
  /// began with.
  void begin(const TrainConfig& config, const Trainer& trainer,
             const std::optional<WarmStart>& start, const std::optional<PresetUse>& preset);
  /// Reads the record there is, if there is one. Throws Error naming it where it is damaged.
  void read();
  /// What it holds of the time of the processes before.
  double seconds() const;
  /// Takes it up, forgets how it ended, and notes which settings change at this step.
  void resume(const TrainState& state, const std::vector<Change>& changes);
  /// An end short of the goal: "interrupted", "not finite" or "failed". `why`: {"error", ...}.
  void close(const std::string& status, const TrainState& state, double seconds,
             const std::vector<std::pair<std::string, std::string>>& why = {});
  /// The end that was wanted, for a `reason`: epochs, steps, patience.
  void finish(const RunResult& result, const std::string& reason);

 private:
  void end(const std::string& status, std::uint64_t epochs, std::uint64_t steps, double seconds);
  void write() const;

  std::string path_;
  std::vector<std::string> argv_;
  std::unique_ptr<nlohmann::ordered_json> json_;
};

}  // namespace nelbo
