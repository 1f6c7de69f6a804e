#pragma once
// Statistics of random numbers. The thresholds say how rare a worse outcome would be for an ideal
// generator: p > 0.001 for Kolmogorov-Smirnov tests, |z| < 4 (p = 6e-5) for moments.
#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

namespace nelbo::tests {

inline constexpr double p_threshold = 1e-3;
inline constexpr double z_threshold = 4;

/// p-value of Kolmogorov and Smirnov's test of `numbers` against a continuous cdf (asymptotic in n,
/// with Stephens' correction).
inline double ks_p_value(std::vector<double> numbers, const std::function<double(double)>& cdf) {
  std::sort(numbers.begin(), numbers.end());
  const double n = static_cast<double>(numbers.size());
  double distance = 0;
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const double f = cdf(numbers[i]);
    const double below = static_cast<double>(i);
    distance = std::max({distance, f - below / n, (below + 1) / n - f});
  }
  const double lambda = (std::sqrt(n) + 0.12 + 0.11 / std::sqrt(n)) * distance;
  double p = 0;
  for (int k = 1; k < 100; ++k) {
    p += 2 * (k % 2 == 1 ? 1 : -1) * std::exp(-2 * lambda * lambda * k * k);
  }
  return lambda < 0.2 ? 1 : p;
}

inline double normal_cdf(double x) { return std::erfc(-x / std::sqrt(2.0)) / 2; }

/// z-score of the correlation of two samples of independent numbers.
inline double correlation_z(const std::vector<double>& a, const std::vector<double>& b) {
  const double n = static_cast<double>(a.size());
  double mean_a = 0, mean_b = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    mean_a += a[i] / n;
    mean_b += b[i] / n;
  }
  double ab = 0, aa = 0, bb = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    ab += (a[i] - mean_a) * (b[i] - mean_b);
    aa += (a[i] - mean_a) * (a[i] - mean_a);
    bb += (b[i] - mean_b) * (b[i] - mean_b);
  }
  return ab / std::sqrt(aa * bb) * std::sqrt(n);
}

/// (mean of f - expectation) / (standard deviation / sqrt(n)).
inline double moment_z(const std::vector<double>& x, double expectation, double variance,
                       const std::function<double(double)>& f) {
  double sum = 0;
  for (const double value : x) sum += f(value);
  const double n = static_cast<double>(x.size());
  return (sum / n - expectation) / std::sqrt(variance / n);
}

}  // namespace nelbo::tests
