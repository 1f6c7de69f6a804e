#pragma once
// Numbers that change by step: a learning rate, the weight of a term, a temperature.
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace nelbo {

/// Where training stands, as schedules count it: steps made, and epochs, of which a begun one
/// counts by the share of its examples seen.
struct TrainingTime {
  std::uint64_t step = 0;
  double epochs = 0;  // NaN where it is not known

  TrainingTime() = default;
  TrainingTime(std::uint64_t step, double epochs) : step(step), epochs(epochs) {}
  /// After so many steps of who knows how many in an epoch.
  TrainingTime(std::uint64_t step)  // NOLINT: implicit, for whoever counts in steps alone
      : step(step), epochs(step == 0 ? 0 : std::numeric_limits<double>::quiet_NaN()) {}
  /// So many steps that are an epoch each: a length of either unit.
  static TrainingTime of_either(std::uint64_t length) { return {length, double(length)}; }
  /// Later than every schedule's end.
  static TrainingTime for_ever() {
    return {std::numeric_limits<std::uint64_t>::max(), std::numeric_limits<double>::max()};
  }
};

/// A number as a function of the step, 0 being the first, or of the epoch. A value type; any number
/// is a constant schedule.
class Schedule {
 public:
  /// What lengths are counted in.
  enum class Unit : std::uint8_t { steps, epochs };
  /// A value and how long it holds; 0, of the last: for ever.
  struct Stage {
    double value;
    std::uint64_t length;
  };

  /// Always `value`.
  Schedule(double value);  // NOLINT: implicit, so that a plain number can stand for a schedule
  static Schedule constant(double value) { return Schedule(value); }

  /// Linear from 0 at the beginning to `value` after `length`, then constant.
  static Schedule warmup(double value, std::uint64_t length, Unit unit = Unit::steps);

  /// to + (from - to) (1 + cos(pi t / length)) / 2, then the floor `to` (Loshchilov and Hutter
  /// 2017).
  static Schedule cosine(double from, double to, std::uint64_t length, Unit unit = Unit::steps);

  /// value * factor^floor(t / every).
  static Schedule step(double value, double factor, std::uint64_t every, Unit unit = Unit::steps);

  /// Linear from `from` at the beginning to `to` after `length`, then constant.
  static Schedule anneal(double from, double to, std::uint64_t length, Unit unit = Unit::steps);

  /// One value after the other, each for its length; the last one stays.
  static Schedule stages(std::vector<Stage> stages, Unit unit = Unit::steps);

  /// Stages of 3^i epochs at 1e-3 10^(-i/7), i = 0 .. 7: the learning rate of Burda, Grosse and
  /// Salakhutdinov (2016), section 5, 3,280 epochs in all.
  static Schedule burda();

  // All but `constant` throw Error if a length is 0, but the last stage's, or there is no stage,
  // and all if a value is not finite, or where the way from one to the other overflows.

  /// Throws Error where it counts epochs and they are not known. Does not allocate.
  double at(const TrainingTime& time) const;
  bool is_constant() const { return kind_ == Kind::constant; }
  Unit unit() const { return unit_; }
  /// When, in its unit, it has become what it stays; none where it never does, as `step` with a
  /// factor other than 1.
  std::optional<std::uint64_t> settles() const;
  /// Times, in its unit, one of which has its highest value and one its lowest, but of `step`,
  /// whose first two values these are.
  std::vector<std::uint64_t> turns() const;
  /// As it is written in expressions: "0.001", "cosine(0.001, 1e-05, steps=1000)". Numbers read
  /// back exactly.
  std::string text() const;

 private:
  enum class Kind : std::uint8_t { constant, warmup, cosine, step, anneal, stages };
  Schedule(Kind kind, double from, double to, std::uint64_t length, Unit unit);

  Kind kind_;
  Unit unit_;
  double from_;  // warmup: 0; step, stages: the first value
  double to_;    // constant, warmup: the value; step: the factor; stages: the last value
  std::uint64_t length_;
  std::shared_ptr<const std::vector<Stage>> stages_;
};

}  // namespace nelbo
