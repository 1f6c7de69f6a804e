#include "autodiff/schedule.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "autodiff/error.hpp"
#include "autodiff/number_text.hpp"

namespace nelbo {

Schedule::Schedule(double value) : Schedule(Kind::constant, value, value, 1) {}

Schedule::Schedule(Kind kind, double from, double to, std::uint64_t steps)
    : kind_(kind), from_(from), to_(to), steps_(steps) {
  if (!std::isfinite(from) || !std::isfinite(to)) {
    throw Error("schedule " + text() + ": its values must be finite");
  }
  if (kind != Kind::step && !std::isfinite(to - from)) {
    throw Error("schedule " + text() + ": the way between its values overflows");
  }
  if (steps == 0) {
    throw Error("schedule " + text() + ": the number of steps must be at least 1");
  }
}

Schedule Schedule::warmup(double value, std::uint64_t steps) {
  return Schedule(Kind::warmup, 0, value, steps);
}

Schedule Schedule::cosine(double from, double to, std::uint64_t steps) {
  return Schedule(Kind::cosine, from, to, steps);
}

Schedule Schedule::step(double value, double factor, std::uint64_t every) {
  return Schedule(Kind::step, value, factor, every);
}

Schedule Schedule::anneal(double from, double to, std::uint64_t steps) {
  return Schedule(Kind::anneal, from, to, steps);
}

double Schedule::at(std::uint64_t step) const {
  const double done = static_cast<double>(std::min(step, steps_)) / static_cast<double>(steps_);
  switch (kind_) {
    case Kind::constant:
      break;
    case Kind::warmup:
    case Kind::anneal:
      return done < 1 ? from_ + (to_ - from_) * done : to_;
    case Kind::cosine:
      return done < 1 ? to_ + (from_ - to_) * (1 + std::cos(std::numbers::pi * done)) / 2 : to_;
    case Kind::step:
      return from_ * std::pow(to_, static_cast<double>(step / steps_));
  }
  return to_;
}

std::optional<std::uint64_t> Schedule::settles() const {
  switch (kind_) {
    case Kind::constant:
      return 0;
    case Kind::warmup:
    case Kind::anneal:
    case Kind::cosine:
      return steps_;
    case Kind::step:
      break;
  }
  if (from_ == 0 || to_ == 1) return 0;
  return std::nullopt;
}

std::string Schedule::text() const {
  const std::string steps = std::to_string(steps_);
  switch (kind_) {
    case Kind::constant:
      break;
    case Kind::warmup:
      return "warmup(" + shortest(to_) + ", steps=" + steps + ")";
    case Kind::cosine:
      return "cosine(" + shortest(from_) + ", " + shortest(to_) + ", steps=" + steps + ")";
    case Kind::step:
      return "step(" + shortest(from_) + ", factor=" + shortest(to_) + ", every=" + steps + ")";
    case Kind::anneal:
      return "anneal(" + shortest(from_) + ", " + shortest(to_) + ", steps=" + steps + ")";
  }
  return shortest(to_);
}

}  // namespace nelbo
