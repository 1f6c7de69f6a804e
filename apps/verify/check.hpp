#pragma once
#include <optional>
#include <string>

namespace nelbo::verify {

/// A number that was estimated, and what it must come to; nats per datum.
struct Check {
  std::string name;
  double value = 0;
  double se = 0;              // standard error of value
  double expected = 0;        // exact, or predicted by a series
  double expected_error = 0;  // of a prediction: the size of what the series leaves out
  std::string remark;         // why there is no z-score; empty if there is one
  bool wrong_side = false;    // what theory forbids whatever the spread

  /// (value - expected) in units of its spread; rounding counts as spread.
  std::optional<double> z() const;
  /// Wrong beyond chance: |z| > 4, or on the wrong side.
  bool failed() const;
};

}  // namespace nelbo::verify
