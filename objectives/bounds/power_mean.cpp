#include "objectives/bounds/power_mean.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "autodiff/exponentials.hpp"

namespace nelbo::bounds {

namespace {

double sum_of(std::span<const double> f) { return std::accumulate(f.begin(), f.end(), 0.0); }

}  // namespace

double mean_of(std::span<const double> f) { return sum_of(f) / double(f.size()); }

void share_among(double value, std::span<const double> f, std::span<double> v) {
  const double share = 1 / double(std::count(f.begin(), f.end(), value));
  for (std::size_t s = 0; s < f.size(); ++s) v[s] = f[s] == value ? share : 0;
}

double power_mean(double p, std::span<const double> f, std::span<double> v) {
  double low = f[0], high = f[0], sum_to_see_nan = 0;
  for (const double x : f) {
    low = std::min(low, x);
    high = std::max(high, x);
    sum_to_see_nan += x - x;  // NaN for NaN, and for infinities
  }
  // All exponents are taken relative to the largest, p top.
  const double top = p > 0 ? high : low, bottom = p > 0 ? low : high;
  if (std::isnan(sum_to_see_nan)) {
    for (const double x : f) {
      if (!std::isnan(x)) continue;
      std::fill(v.begin(), v.end(), x);
      return x;
    }
    if (std::isinf(top)) {
      share_among(top, f, v);
      return top;
    }
  }
  const double m = double(f.size());
  for (std::size_t s = 0; s < f.size(); ++s) v[s] = p * (f[s] - top);
  double sum, logarithm;
  if (p * (bottom - top) > -0.5) {  // log(mean) is near 0: exp would lose what distinguishes it
    expm1_of(v.data(), v.data(), v.size());
    sum = sum_of(v);
    logarithm = std::log1p(sum / m);
    sum += m;
    for (double& x : v) x += 1;
  } else {
    exp_of(v.data(), v.data(), v.size());
    sum = sum_of(v);
    logarithm = std::log(sum / m);
  }
  for (double& x : v) x /= sum;
  return top + logarithm / p;
}

}  // namespace nelbo::bounds
