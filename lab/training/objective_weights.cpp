#include "lab/training/objective_weights.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace nelbo {

std::vector<std::pair<std::string, double>> weights_at(const Term& objective, std::uint64_t step) {
  std::vector<std::pair<std::string, double>> weights;
  for (const Schedule& schedule : objective.schedules()) {
    weights.emplace_back(schedule.text(), schedule.at(step));
  }
  return weights;
}

std::uint64_t weights_final_at(const Term& objective) {
  std::uint64_t last = 0;
  for (const Schedule& schedule : objective.schedules()) {
    last = std::max(last, schedule.settles().value_or(0));
  }
  return last;
}

bool weights_move_for_ever(const Term& objective) {
  const std::vector<Schedule> all = objective.schedules();
  return std::any_of(all.begin(), all.end(), [](const Schedule& s) { return !s.settles(); });
}

std::string weights_unfinished(const Term& objective, std::uint64_t last_step) {
  for (const Schedule& schedule : objective.schedules()) {
    const std::uint64_t end = schedule.settles().value_or(0);
    if (end > last_step) {
      return fmt::format("{} ends at step {}, the run at step {}", schedule.text(), end, last_step);
    }
  }
  return "";
}

}  // namespace nelbo
