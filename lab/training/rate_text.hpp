#pragma once
#include <optional>
#include <string>
#include <type_traits>

namespace nelbo {

/// A learning rate as it is written, from a number or from text: 1e-3, "cosine(1e-3, 0,
/// steps=20000)", "phi=1e-3,theta=warmup(1e-3, steps=500)". A number is written in the fewest
/// digits.
struct RateText {
  std::string text;

  template <class Number>
  requires std::is_arithmetic_v<Number> RateText(Number value)  // NOLINT: implicit, as said above
      : text(written(double(value))) {}
  RateText(const std::string& given);                            // NOLINT
  RateText(const char* given) : RateText(std::string(given)) {}  // NOLINT
  /// The number that it is, if it is nothing else.
  std::optional<double> number() const;

  /// A number as config.toml has it too.
  static std::string written(double value);

  friend bool operator==(const RateText&, const RateText&) = default;
};

}  // namespace nelbo
