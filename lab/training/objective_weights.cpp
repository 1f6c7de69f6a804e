#include "lab/training/objective_weights.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace nelbo {
namespace {

/// The first step at which a weight, finite at step 0, is not finite, with epochs of one length; beyond
/// that of `last` if none is until then.
std::uint64_t first_not_finite(const Term& weight, const TrainingTime& last) {
  const auto finite = [&](std::uint64_t step) {
    const double share = last.step == 0 ? 0 : double(step) / double(last.step);
    return std::isfinite(*weight.at({step, last.epochs * share}));
  };
  std::uint64_t before = 0, first = last.step + 1;
  if (finite(last.step)) return first;
  // What overflows grows by powers, and stays so.
  while (first - before > 1) {
    const std::uint64_t middle = before + (first - before) / 2;
    (finite(middle) ? before : first) = middle;
  }
  return first;
}

}  // namespace

std::vector<std::pair<std::string, double>> weights_at(const Term& objective,
                                                       const TrainingTime& time) {
  std::vector<std::pair<std::string, double>> weights;
  for (const Schedule& schedule : objective.schedules()) {
    weights.emplace_back(schedule.text(), schedule.at(time));
  }
  return weights;
}

TrainingTime weights_final_at(const Term& objective) {
  TrainingTime last;
  for (const Schedule& schedule : objective.schedules()) {
    const std::uint64_t end = schedule.settles().value_or(0);
    if (schedule.unit() == Schedule::Unit::epochs) {
      last.epochs = std::max(last.epochs, double(end));
    } else {
      last.step = std::max(last.step, end);
    }
  }
  return last;
}

bool weights_move_for_ever(const Term& objective) {
  const std::vector<Schedule> all = objective.schedules();
  return std::any_of(all.begin(), all.end(), [](const Schedule& s) { return !s.settles(); });
}

std::string weights_unfinished(const Term& objective, const TrainingTime& last) {
  for (const Schedule& schedule : objective.schedules()) {
    const std::uint64_t end = schedule.settles().value_or(0);
    const bool epochs = schedule.unit() == Schedule::Unit::epochs;
    if (epochs && double(end) > last.epochs) {
      return fmt::format("{} ends after {} epochs, the run after {:.6g}", schedule.text(), end,
                         last.epochs);
    }
    if (!epochs && end > last.step) {
      return fmt::format("{} ends at step {}, the run at step {}", schedule.text(), end, last.step);
    }
  }
  return "";
}

std::string weights_overflow(const Term& objective, const TrainingTime& last) {
  const auto overflow = [&last](const Term& weight) -> std::string {
    const std::uint64_t step = first_not_finite(weight, last);
    if (step > last.step) return "";
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
