#include <algorithm>
#include <cmath>
#include <limits>

#include "objectives/bounds/arguments.hpp"
#include "objectives/bounds/bounds.hpp"
#include "objectives/bounds/power_mean.hpp"

namespace nelbo::bounds {
namespace {

// L = m IW_m - (m-1)/m sum_s IW_{m-1}(f without f_s). With e_t = exp(f_t - max f), T = sum_t e_t
// and u_st = e_t / (T - e_s), the weight of t where s is left out,
//
//   a_t = m w_t - (m-1)/m sum_{s != t} u_st
//   h_t = m w_t (1 - w_t) - (m-1)/m sum_{s != t} u_st (1 - u_st).
//
// T - e_s is at least T / 2 but for the largest e_s, the leader's: there what is left is summed
// anew, relative to its own largest.
double jackknife_of(std::span<const double> f, std::span<double> a, std::span<double> h) {
  const double iw = power_mean(1, f, a);
  if (!std::isfinite(iw)) {
    std::fill(h.begin(), h.end(), 0.0);
    return iw;
  }
  const std::size_t n = f.size();
  const double m = double(n), share = (m - 1) / m;
  const std::size_t leader = std::size_t(std::max_element(f.begin(), f.end()) - f.begin());
  const double top = f[leader];
  double second = -std::numeric_limits<double>::infinity();
  for (std::size_t s = 0; s < n; ++s) {
    if (s != leader) second = std::max(second, f[s]);
  }
  // exp(f_t - second), the leader excepted; all alike where nothing but the leader has weight.
  const auto without_leader = [second](double x) { return x == second ? 1 : std::exp(x - second); };

  double total = 0, rest = 0;
  for (std::size_t s = 0; s < n; ++s) {
    total += h[s] = std::exp(f[s] - top);  // h holds e until the last loop
    if (s != leader) rest += without_leader(f[s]);
  }
  double left_out = second + std::log(rest / (m - 1));  // sum over s of IW_{m-1} without s
  double r = 0, r2 = 0;                                 // sums of 1 / (T - e_s) and its square
  for (std::size_t s = 0; s < n; ++s) {
    if (s == leader) continue;
    const double remaining = total - h[s];
    left_out += top + std::log(remaining / (m - 1));
    r += 1 / remaining;
    r2 += 1 / (remaining * remaining);
  }
  for (std::size_t t = 0; t < n; ++t) {
    const double e = h[t], w = a[t];
    double sum_u, sum_uu;  // of u_st and its square over s != t
    if (t == leader) {
      sum_u = e * r;
      sum_uu = e * e * r2;
    } else {
      const double own = 1 / (total - e), u = without_leader(f[t]) / rest;
      sum_u = u + e * (r - own);
      sum_uu = u * u + e * e * (r2 - own * own);
    }
    a[t] = m * w - share * sum_u;
    h[t] = m * w * (1 - w) - share * (sum_u - sum_uu);
  }
  return m * iw - share * left_out;
}

}  // namespace

Bound jackknife(std::int64_t m) {
  const Arguments written = Arguments("jackknife").several_samples("m", m);
  return Bound(
      {.text = written.text(),
       .formula =
           "m\\, \\mathrm{IW}_m - \\tfrac{m-1}{m} \\sum_{s=1}^m \\mathrm{IW}_{m-1}(R_{\\ne s})",
       .equation = "Nowozin (2018), JVI-1",
       .meaning = "jackknife of IW: bias of order m^-2",
       .samples = m,
       .side = Bound::Side::neither,
       .bias = Bound::Bias::undetermined,
       .bounded_curvature = false,
       .family = written.family()},
      jackknife_of);
}

}  // namespace nelbo::bounds
