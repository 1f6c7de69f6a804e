#include <algorithm>
#include <cmath>

#include "objectives/bounds/arguments.hpp"
#include "objectives/bounds/bounds.hpp"
#include "objectives/bounds/power_mean.hpp"

namespace nelbo::bounds {
namespace {

/// The integrand at beta, E = sum_s v_s f_s with v = softmax(beta f); adds its derivatives, times
/// `width`, to a and h:
///   dE/df_s = v_s g_s,  g_s = 1 + beta (f_s - E)
///   d2E/df_s^2 = beta v_s (g_s (1 - 2 v_s) + 1)
/// top = max f, finite. Weights are computed twice rather than stored.
double tempered_mean(double beta, double width, double top, std::span<const double> f,
                     std::span<double> a, std::span<double> h) {
  const auto weight = [beta, top](double x) { return std::exp(beta * (x - top)); };
  double sum = 0, below = 0;  // below: of weighted distances from the top
  for (const double x : f) {
    const double e = beta > 0 ? weight(x) : 1;
    sum += e;
    if (e > 0) below += e * (x - top);
  }
  const double mean = top + below / sum;
  for (std::size_t s = 0; s < f.size(); ++s) {
    if (beta == 0) {
      a[s] += width / sum;
      continue;
    }
    const double v = weight(f[s]) / sum;
    if (v == 0) continue;
    const double g = 1 + beta * (f[s] - mean);
    a[s] += width * v * g;
    h[s] += width * beta * v * (g * (1 - 2 * v) + 1);
  }
  return mean;
}

}  // namespace

Bound tvo(std::int64_t partitions, std::int64_t m) {
  const Arguments written =
      Arguments("tvo").whole("partitions", partitions, 1, 1000).several_samples("m", m);
  // log mean exp(beta f) is convex in beta, so that the left sum never exceeds iw(m) of the same f.
  return Bound({.text = written.text(),
                .formula = "\\tfrac1n \\sum_{i=0}^{n-1} \\sum_{s=1}^m v_{is} \\log R_s, \\quad "
                           "v_{is} \\propto R_s^{i/n}",
                .equation = "Masrani et al. (2019)",
                .meaning = "left Riemann sum of the thermodynamic integral; at most IW",
                .samples = m,
                .side = Bound::Side::neither,
                .bias = Bound::Bias::under,
                .linear = partitions == 1,
                .bounded_curvature = false,
                .family = written.family()},
               [partitions](auto f, auto a, auto h) {
                 std::fill(a.begin(), a.end(), 0.0);
                 std::fill(h.begin(), h.end(), 0.0);
                 const double iw = power_mean(1, f, a);
                 const double top = *std::max_element(f.begin(), f.end());
                 if (!std::isfinite(iw)) return iw;
                 std::fill(a.begin(), a.end(), 0.0);
                 const double width = 1 / double(partitions);
                 double value = 0;
                 for (std::int64_t i = 0; i < partitions; ++i) {
                   value += width * tempered_mean(double(i) * width, width, top, f, a, h);
                 }
                 return value;
               });
}

}  // namespace nelbo::bounds
