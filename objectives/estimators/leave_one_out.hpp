#pragma once
#include <algorithm>
#include <cmath>
#include <span>

#include "objectives/estimators/estimator.hpp"

namespace nelbo::estimators {

/// Calls body(inner, f, first, k) for each group of mc(k, inner), or once where there is one: f are
/// the group's log-weights, `first` the number of its first sample.
template <class F>
void for_each_group(const Estimator::Datum& datum, F&& body) {
  const Bound& inner = datum.bound.inner();
  const std::size_t m = std::size_t(inner.samples());
  for (std::size_t first = 0; first < datum.f.size(); first += m) {
    body(inner, datum.f.subspan(first, m), first, double(datum.bound.groups()));
  }
}

/// log sum_{t != s} exp f_t for every s, written to `out`. Exact in the limits: what is left where
/// the largest is taken away is summed anew.
inline void log_sum_exp_of_others(std::span<const double> f, std::span<double> out) {
  const std::size_t leader = std::size_t(std::max_element(f.begin(), f.end()) - f.begin());
  const double top = f[leader];
  double second = -INFINITY;
  for (std::size_t s = 0; s < f.size(); ++s) {
    if (s != leader) second = std::max(second, f[s]);
  }
  double total = 0, rest = 0;  // of exp(f - top), and of exp(f - second) without the leader
  for (std::size_t s = 0; s < f.size(); ++s) {
    total += out[s] = f[s] == top ? 1 : std::exp(f[s] - top);
    if (s != leader) rest += f[s] == second ? 1 : std::exp(f[s] - second);
  }
  for (std::size_t s = 0; s < f.size(); ++s) {
    // total - out[s] is at least half of total but for the leader.
    out[s] = s == leader ? second + std::log(rest) : top + std::log(total - out[s]);
  }
}

}  // namespace nelbo::estimators
