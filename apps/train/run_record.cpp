#include "apps/train/run_record.hpp"

#include <ctime>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <utility>

#include "apps/cli/print_json.hpp"
#include "apps/cli/read_json.hpp"
#include "apps/reports/metrics_json.hpp"
#include "autodiff/error.hpp"
#include "autodiff/instruction_set.hpp"
#include "autodiff/threads.hpp"
#include "lab/files/atomic_file.hpp"
#include "lab/training/settings.hpp"
#include "models/registry.hpp"

namespace nelbo {
namespace {

using Json = nlohmann::ordered_json;

std::string utc_now() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

}  // namespace

RunRecord::RunRecord(std::string path, std::vector<std::string> argv)
    : path_(std::move(path)), argv_(std::move(argv)), json_(std::make_unique<Json>()) {}

RunRecord::~RunRecord() = default;

void RunRecord::begin(const TrainConfig& config, const Trainer& trainer,
                      const std::optional<WarmStart>& start,
                      const std::optional<PresetUse>& preset) {
  *json_ = {{"status", "running"},
            {"argv", argv_},
            {"version", NELBO_VERSION},
            {"isa", active_isa()},
            {"threads", num_threads()},
            {"seed", config.seed},
            {"objective", trainer.objective().text()},
            {"data", config.data},
            {"data_hash", config.data_hash},
            {"parameters", trainer.store().count()},
            {"start", utc_now()}};
  for (const TrainSetting& setting : settings()) {
    if (const auto value = setting.get(config)) {
      std::visit([&](const auto& held) { (*json_)["settings"][setting.name] = held; }, *value);
    }
  }
  if (start) {
    (*json_)["warm_start"] = {
        {"taken", start->taken}, {"parameters", start->of}, {"fresh", start->fresh}};
  }
  if (preset) {
    (*json_)["preset"] = {
        {"name", preset->name}, {"recipe", preset->recipe}, {"differs", preset->differs}};
  }
  for (const OwnWord& word : own_words()) {
    (*json_)["words"].push_back({{"kind", word.kind}, {"name", word.name}});
  }
  write();
}

void RunRecord::read() {
  *json_ = Json::object();
  std::error_code none;
  if (!std::filesystem::exists(path_, none)) return;
  try {
    *json_ = read_json_object(path_);
  } catch (const Error& error) {
    throw Error(std::string(error.what()) +
                "; put the whole file back, or remove it to go on with a new record");
  }
  if (json_->contains("resumed") && !(*json_)["resumed"].is_array()) json_->erase("resumed");
}

double RunRecord::seconds() const {
  const auto found = json_->find("seconds");
  return found != json_->end() && found->is_number() ? found->get<double>() : 0;
}

void RunRecord::resume(const TrainState& state, const std::vector<Change>& changes) {
  for (const char* of_the_end : {"end", "error", "operator", "train", "valid", "test", "ema",
                                 "clipped", "objective_shown", "examples_per_second", "reason"}) {
    json_->erase(of_the_end);
  }
  (*json_)["status"] = "running";
  Json part{{"argv", argv_},
            {"step", state.step},
            {"isa", active_isa()},
            {"threads", num_threads()},
            {"start", utc_now()}};
  for (const Change& change : changes) {
    const auto value = [&](const std::string& text) {
      const Json number = change.number ? parsed_json(text) : Json(text);
      return number.is_discarded() ? Json(text) : number;
    };
    part["changed"][change.setting] = {{"from", value(change.from)}, {"to", value(change.to)}};
    (*json_)["settings"][change.setting] = value(change.to);
  }
  (*json_)["resumed"].push_back(part);
  write();
}

void RunRecord::close(const std::string& status, const TrainState& state, double seconds,
                      const std::vector<std::pair<std::string, std::string>>& why) {
  end(status, state.epoch, state.step, seconds);
  for (const auto& [key, text] : why) (*json_)[key] = text;
  write();
}

void RunRecord::finish(const RunResult& result, const std::string& reason) {
  end("finished", result.epochs, result.steps, result.seconds);
  (*json_)["train"] = to_json(result.train);
  (*json_)["test"] = to_json(result.test);
  (*json_)["objective_shown"] = result.objective_shown;
  (*json_)["reason"] = reason;
  (*json_)["examples_per_second"] = result.examples_per_second;
  if (result.validation) (*json_)["valid"] = to_json(*result.validation);
  if (result.average) (*json_)["ema"] = to_json(*result.average);
  if (result.clipped) (*json_)["clipped"] = *result.clipped;
  write();
}

void RunRecord::end(const std::string& status, std::uint64_t epochs, std::uint64_t steps,
                    double seconds) {
  (*json_)["status"] = status;
  (*json_)["epochs"] = epochs;
  (*json_)["steps"] = steps;
  (*json_)["seconds"] = seconds;
  (*json_)["end"] = utc_now();
}

void RunRecord::write() const { write_file_atomically(path_, json_text(*json_)); }

}  // namespace nelbo
