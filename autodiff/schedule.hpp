#pragma once
// Numbers that change by step: a learning rate, the weight of a term, a temperature.
#include <cstdint>
#include <optional>
#include <string>

namespace nelbo {

/// A number as a function of the step, 0 being the first. A value type; any number is a constant
/// schedule.
class Schedule {
 public:
  /// Always `value`.
  Schedule(double value);  // NOLINT: implicit, so that a plain number can stand for a schedule
  static Schedule constant(double value) { return Schedule(value); }

  /// Linear from 0 at step 0 to `value` at step `steps`, then constant.
  static Schedule warmup(double value, std::uint64_t steps);

  /// to + (from - to) (1 + cos(pi step / steps)) / 2, then the floor `to` (Loshchilov and Hutter
  /// 2017).
  static Schedule cosine(double from, double to, std::uint64_t steps);

  /// value * factor^floor(step / every).
  static Schedule step(double value, double factor, std::uint64_t every);

  /// Linear from `from` at step 0 to `to` at step `steps`, then constant.
  static Schedule anneal(double from, double to, std::uint64_t steps);

  // All but `constant` throw Error if steps (every) is 0, and all if a value is not finite, or
  // where the way from one to the other overflows.

  double at(std::uint64_t step) const;
  bool is_constant() const { return kind_ == Kind::constant; }
  /// The step from which on it stays what it is; none where it never does, as `step` with a factor
  /// other than 1.
  std::optional<std::uint64_t> settles() const;
  /// As it is written in expressions: "0.001", "cosine(0.001, 1e-05, steps=1000)". Numbers read
  /// back exactly.
  std::string text() const;

 private:
  enum class Kind : std::uint8_t { constant, warmup, cosine, step, anneal };
  Schedule(Kind kind, double from, double to, std::uint64_t steps);

  Kind kind_;
  double from_;  // warmup: 0; step: the first value
  double to_;    // constant, warmup: the value; step: the factor
  std::uint64_t steps_;
};

}  // namespace nelbo
