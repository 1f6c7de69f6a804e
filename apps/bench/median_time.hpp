#pragma once
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <vector>

namespace nelbo {

/// Median seconds of one call of f: `warm_up` calls uncounted, then calls for about `budget`
/// seconds, at least `least`.
template <class F>
double median_time(double budget, int warm_up, F&& f, std::size_t least = 5) {
  using Clock = std::chrono::steady_clock;
  for (int i = 0; i < warm_up; ++i) f();
  std::vector<double> seconds;
  double spent = 0;
  while (spent < budget || seconds.size() < least) {
    const auto start = Clock::now();
    f();
    seconds.push_back(std::chrono::duration<double>(Clock::now() - start).count());
    spent += seconds.back();
  }
  std::nth_element(seconds.begin(), seconds.begin() + seconds.size() / 2, seconds.end());
  return seconds[seconds.size() / 2];
}

}  // namespace nelbo
