#include "objectives/bounds/power_mean.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "autodiff/array_math.hpp"

namespace nelbo::bounds {

namespace {

/// combine(... combine(start, f[0]), f[1] ...) in four strands, so that none waits for another.
template <class F>
double reduce(std::span<const double> f, double start, F combine) {
  double strands[4] = {start, start, start, start};
  std::size_t s = 0;
  for (; s + 4 <= f.size(); s += 4) {
    for (std::size_t k = 0; k < 4; ++k) strands[k] = combine(strands[k], f[s + k]);
  }
  for (std::size_t k = 0; s < f.size(); ++s, ++k) strands[k] = combine(strands[k], f[s]);
  return combine(combine(strands[0], strands[1]), combine(strands[2], strands[3]));
}

double sum_of(std::span<const double> f) {
  return reduce(f, 0, [](double a, double b) { return a + b; });
}

}  // namespace

double mean_of(std::span<const double> f) {
  return std::accumulate(f.begin(), f.end(), 0.0) / double(f.size());
}

void share_among(double value, std::span<const double> f, std::span<double> v) {
  const double share = 1 / double(std::count(f.begin(), f.end(), value));
  for (std::size_t s = 0; s < f.size(); ++s) v[s] = f[s] == value ? share : 0;
}

double power_mean(double p, std::span<const double> f, std::span<double> v) {
  const double low = reduce(f, f[0], [](double a, double b) { return b < a ? b : a; });
  const double high = reduce(f, f[0], [](double a, double b) { return b > a ? b : a; });
  // All exponents are taken relative to the largest, p top.
  const double top = p > 0 ? high : low, bottom = p > 0 ? low : high;
  if (!std::isfinite(sum_of(f))) {
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
