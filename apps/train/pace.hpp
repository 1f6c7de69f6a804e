#pragma once
#include <chrono>
#include <cstdint>

namespace nelbo {

using Clock = std::chrono::steady_clock;

inline double seconds_between(Clock::time_point from, Clock::time_point to) {
  return std::chrono::duration<double>(to - from).count();
}

/// Examples trained on in so many seconds of steps: without evaluation, checkpoints and pictures.
struct Pace {
  double seconds = 0;
  std::uint64_t examples = 0;

  void add(double time, std::uint64_t count) {
    seconds += time;
    examples += count;
  }
  double per_second() const { return seconds > 0 ? double(examples) / seconds : 0; }
};

}  // namespace nelbo
