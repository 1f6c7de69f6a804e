#include "autodiff/schedule.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

#include "autodiff/error.hpp"
#include "autodiff/number_text.hpp"

namespace nelbo {

Schedule::Schedule(double value) : Schedule(Kind::constant, value, value, 1, Unit::steps) {}

Schedule::Schedule(Kind kind, double from, double to, std::uint64_t length, Unit unit)
    : kind_(kind), unit_(unit), from_(from), to_(to), length_(length) {
  if (kind == Kind::stages) return;  // looked at where they are made
  if (!std::isfinite(from) || !std::isfinite(to)) {
    throw Error("schedule " + text() + ": its values must be finite");
  }
  if (kind != Kind::step && !std::isfinite(to - from)) {
    throw Error("schedule " + text() + ": the way between its values overflows");
  }
  if (length == 0) {
    throw Error("schedule " + text() + ": the number of " +
                (unit == Unit::steps ? "steps" : "epochs") + " must be at least 1");
  }
}

Schedule Schedule::warmup(double value, std::uint64_t length, Unit unit) {
  return Schedule(Kind::warmup, 0, value, length, unit);
}

Schedule Schedule::cosine(double from, double to, std::uint64_t length, Unit unit) {
  return Schedule(Kind::cosine, from, to, length, unit);
}

Schedule Schedule::step(double value, double factor, std::uint64_t every, Unit unit) {
  return Schedule(Kind::step, value, factor, every, unit);
}

Schedule Schedule::anneal(double from, double to, std::uint64_t length, Unit unit) {
  return Schedule(Kind::anneal, from, to, length, unit);
}

Schedule Schedule::stages(std::vector<Stage> stages, Unit unit) {
  if (stages.empty()) throw Error("schedule stages(): there must be a stage");
  Schedule made(Kind::stages, stages.front().value, stages.back().value, 1, unit);
  made.stages_ = std::make_shared<const std::vector<Stage>>(std::move(stages));
  std::uint64_t all = 0;
  for (const Stage& stage : *made.stages_) {
    if (!std::isfinite(stage.value)) {
      throw Error("schedule " + made.text() + ": its values must be finite");
    }
    if (stage.length == 0 && &stage != &made.stages_->back()) {
      throw Error("schedule " + made.text() + ": a stage must last at least 1");
    }
    if (stage.length > std::numeric_limits<std::uint64_t>::max() - all) {
      throw Error("schedule " + made.text() + ": its length overflows");
    }
    all += stage.length;
  }
  return made;
}

Schedule Schedule::burda() {
  std::vector<Stage> stages;
  std::uint64_t epochs = 1;
  for (int i = 0; i < 8; ++i, epochs *= 3) stages.push_back({std::pow(10, -3 - i / 7.0), epochs});
  return Schedule::stages(std::move(stages), Unit::epochs);
}

double Schedule::at(const TrainingTime& time) const {
  if (kind_ == Kind::constant) return to_;
  if (unit_ == Unit::epochs && std::isnan(time.epochs)) {
    throw Error("schedule " + text() + ": counts epochs, of which there are none here");
  }
  const double length = static_cast<double>(length_);
  const double now = unit_ == Unit::epochs ? time.epochs : static_cast<double>(time.step);
  const double done = std::min(now, length) / length;
  switch (kind_) {
    case Kind::constant:
      break;
    case Kind::warmup:
    case Kind::anneal:
      return done < 1 ? from_ + (to_ - from_) * done : to_;
    case Kind::cosine:
      return done < 1 ? to_ + (from_ - to_) * (1 + std::cos(std::numbers::pi * done)) / 2 : to_;
    case Kind::step:
      return from_ * std::pow(to_, unit_ == Unit::epochs
                                       ? std::floor(now / length)
                                       : static_cast<double>(time.step / length_));
    case Kind::stages: {
      std::uint64_t end = 0;
      for (const Stage& stage : *stages_) {
        end += stage.length;
        if (now < static_cast<double>(end)) return stage.value;
      }
      break;
    }
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
      return length_;
    case Kind::stages:
      return turns().back();
    case Kind::step:
      break;
  }
  if (from_ == 0 || to_ == 1) return 0;
  return std::nullopt;
}

std::vector<std::uint64_t> Schedule::turns() const {
  if (kind_ == Kind::constant) return {0};
  if (kind_ != Kind::stages) return {0, length_};
  std::vector<std::uint64_t> beginnings{0};
  for (const Stage& stage : *stages_) beginnings.push_back(beginnings.back() + stage.length);
  beginnings.pop_back();  // the end of the last, which stays
  return beginnings;
}

std::string Schedule::text() const {
  const std::string unit = unit_ == Unit::epochs ? ", unit=epochs" : "";
  const std::string steps = std::to_string(length_) + unit + ")";
  switch (kind_) {
    case Kind::constant:
      break;
    case Kind::warmup:
      return "warmup(" + shortest(to_) + ", steps=" + steps;
    case Kind::cosine:
      return "cosine(" + shortest(from_) + ", " + shortest(to_) + ", steps=" + steps;
    case Kind::step:
      return "step(" + shortest(from_) + ", factor=" + shortest(to_) + ", every=" + steps;
    case Kind::anneal:
      return "anneal(" + shortest(from_) + ", " + shortest(to_) + ", steps=" + steps;
    case Kind::stages: {
      std::string list;
      for (const Stage& stage : *stages_) {
        list += (list.empty() ? "" : ", ") + shortest(stage.value);
        if (stage.length > 0) list += ", " + std::to_string(stage.length);
      }
      return "stages(" + list + unit + ")";
    }
  }
  return shortest(to_);
}

}  // namespace nelbo
