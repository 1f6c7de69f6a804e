#include "apps/train/start_from_other.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace nelbo {

std::optional<WarmStart> start_from_other(const TrainConfig& config, Trainer& trainer,
                                          std::vector<std::string>& notes) {
  constexpr std::size_t most_named = 6;
  if (config.init_from.empty()) return std::nullopt;
  const WarmStart start = trainer.start_from(config.init_from);
  std::string note = fmt::format("{} of {} parameters begin as those of {}", start.taken, start.of,
                                 config.init_from);
  for (std::size_t i = 0; i < std::min(start.fresh.size(), most_named); ++i) {
    note += (i == 0 ? "; not " : ", ") + start.fresh[i];
  }
  if (start.fresh.size() > most_named) {
    note += fmt::format(" and {} more, which run.json lists", start.fresh.size() - most_named);
  }
  notes.push_back(std::move(note));
  notes.push_back(start.note);
  return start;
}

}  // namespace nelbo
