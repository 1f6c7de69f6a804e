#include "apps/shards/shard.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <cstdlib>
#include <optional>

#include "autodiff/number_of.hpp"
#include "autodiff/setting_error.hpp"

namespace nelbo {
namespace {

constexpr std::int64_t most_shards = 1'000'000;

[[noreturn]] void refuse_shard(const std::string& reason) { throw SettingError("shard", reason); }

/// A whole number that a scheduler left in the environment; nothing where it left none.
std::optional<std::int64_t> left_by_scheduler(const char* name) {
  const char* text = std::getenv(name);
  if (text == nullptr) return std::nullopt;
  const auto number = number_of<std::int64_t>(text);
  if (!number) refuse_shard(fmt::format("{} is '{}', which is no whole number", name, text));
  return number;
}

Shard shard_of(std::int64_t number, std::int64_t of) {
  if (of < 1 || of > most_shards) {
    refuse_shard(fmt::format("{} shards; 1 to {} are possible", of, most_shards));
  }
  if (number < 0 || number >= of) {
    refuse_shard(fmt::format("{}/{}: shards are i/n with i = 0 to n-1", number, of));
  }
  return {std::size_t(number), std::size_t(of)};
}

Shard shard_of_slurm() {
  const auto id = left_by_scheduler("SLURM_ARRAY_TASK_ID");
  const auto least = left_by_scheduler("SLURM_ARRAY_TASK_MIN");
  const auto count = left_by_scheduler("SLURM_ARRAY_TASK_COUNT");
  const std::int64_t step = left_by_scheduler("SLURM_ARRAY_TASK_STEP").value_or(1);
  if (!id || !least || !count) {
    refuse_shard(
        "auto is for a job array of Slurm, which sets SLURM_ARRAY_TASK_ID, _MIN and _COUNT; "
        "auto/n takes the index alone");
  }
  const auto most = left_by_scheduler("SLURM_ARRAY_TASK_MAX");
  const bool agree = step > 0 && *id >= *least && (*id - *least) % step == 0 &&
                     (*id - *least) / step < *count &&
                     (!most || (*most - *least) / step + 1 == *count);
  if (!agree) {
    refuse_shard(fmt::format(
        "task {} of {} from {} in steps of {}: the array is not a whole one; name its length: "
        "auto/n, with tasks 0 to n-1",
        *id, *count, *least, step));
  }
  return shard_of((*id - *least) / step, *count);
}

std::int64_t index_of_task() {
  for (const char* name : {"SLURM_ARRAY_TASK_ID", "PBS_ARRAY_INDEX", "PBS_ARRAYID"}) {
    if (const auto index = left_by_scheduler(name)) return *index;
  }
  refuse_shard(
      "auto/n takes the index of a job array's task, and none of SLURM_ARRAY_TASK_ID, "
      "PBS_ARRAY_INDEX and PBS_ARRAYID is set");
}

}  // namespace

std::string Shard::text() const { return fmt::format("{}/{}", number, of); }

Shard read_shard(const std::string& text) {
  if (text == "auto") return shard_of_slurm();
  const std::size_t slash = text.find('/');
  const std::string first = text.substr(0, slash);
  const auto of =
      slash == std::string::npos ? std::nullopt : number_of<std::int64_t>(text.substr(slash + 1));
  const auto number = first == "auto" ? std::nullopt : number_of<std::int64_t>(first);
  if (!of || (!number && first != "auto")) {
    refuse_shard("'" + text + "': shards are i/n with i = 0 to n-1, auto/n or auto");
  }
  return shard_of(number ? *number : index_of_task(), *of);
}

}  // namespace nelbo
