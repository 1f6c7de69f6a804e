#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>

namespace nelbo::verify {

/// log of the sum of exp(logs[0 .. n - 1]), without overflow; n >= 1.
inline double log_sum_exp(const double* logs, std::int64_t n) {
  const double most = *std::max_element(logs, logs + n);
  double sum = 0;
  for (std::int64_t i = 0; i < n; ++i) sum += std::exp(logs[i] - most);
  return most + std::log(sum);
}

}  // namespace nelbo::verify
