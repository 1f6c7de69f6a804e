#include "lab/training/objective_weights.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace nelbo {
namespace {

/// The first step at which a weight, finite at step 0, is not finite; beyond `last` if none is until then.
std::uint64_t first_not_finite(const Term& weight, std::uint64_t last) {
  const auto finite = [&](std::uint64_t step) { return std::isfinite(*weight.at(step)); };
  std::uint64_t before = 0, first = last + 1;
  if (finite(last)) return first;
  // What overflows grows by powers, and stays so.
  while (first - before > 1) {
    const std::uint64_t middle = before + (first - before) / 2;
    (finite(middle) ? before : first) = middle;
  }
  return first;
}

}  // namespace

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

std::string weights_overflow(const Term& objective, std::uint64_t last_step) {
  const auto overflow = [last_step](const Term& weight) -> std::string {
    const std::uint64_t step = first_not_finite(weight, last_step);
    if (step > last_step) return "";
    return fmt::format("{} is not finite from step {} on", weight.text(), step);
  };
  for (const Term::Part& part : objective.parts()) {
    const std::string why = part.weight ? overflow(*part.weight) : "";
    if (!why.empty()) return "'" + part.quantity.name + "': its weight " + why;
  }
  for (const Schedule& schedule : objective.schedules()) {  // also those inside a function
    if (const std::string why = overflow(Term(schedule)); !why.empty()) return why;
  }
  return "";
}

}  // namespace nelbo
