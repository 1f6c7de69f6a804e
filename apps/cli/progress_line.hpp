#pragma once
#include <chrono>
#include <string>

#include "apps/cli/progress.hpp"

namespace nelbo {

/// "bounds 24%  ETA 3:12" on stderr for work whose share done is known: redrawn in place on a
/// terminal and erased at the end, a line every ten seconds elsewhere.
class ProgressLine {
 public:
  ProgressLine(const std::string& what, ProgressStyle style);
  ~ProgressLine();
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  /// `share` of the work is done, 0 to 1. Costs a look at the clock where nothing is drawn.
  void update(double share);
  /// Erases the line. What comes later is ignored.
  void finish();

 private:
  using Clock = std::chrono::steady_clock;
  std::string what_;
  ProgressStyle style_;
  Clock::time_point start_, last_draw_;
  bool drawn_ = false;
};

}  // namespace nelbo
