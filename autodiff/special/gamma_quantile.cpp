#include "autodiff/special/gamma_quantile.hpp"

#include <limits>

#include "autodiff/special/gamma.hpp"

namespace nelbo::special {
namespace {

constexpr double half_log_two_pi = 0.91893853320467274178;
constexpr double infinity = std::numeric_limits<double>::infinity();

/// A tail's probability over the density at its edge, and dy/dalpha.
struct Tail {
  double mass, d_alpha;
};

/// F = z^alpha exp(-z) / Gamma(alpha + 1) (1 + z / (alpha + 1) + z^2 / (alpha + 1)(alpha + 2) ..).
Tail series(double alpha, double y, double z) {
  double term = 1, sum = 1, harmonic = 0, derivative = 0;
  for (double n = alpha + 1; term > 1e-17 * sum; ++n) {
    term *= z / n;
    harmonic += 1 / n;
    sum += term;
    derivative -= term * harmonic;
  }
  return {sum / alpha, -(sum * (y - digamma(alpha + 1)) + derivative) / alpha};
}

Tail lower_tail(double alpha, double y, double z) {
  const auto k = [&](double e) { return alpha * e + z * std::expm1(-e); };
  // k(e) >= alpha e - z, and >= z e^2 / 3 for e < 1.
  const double near = std::sqrt(3 * deepest / z);
  const double length = tail_length(near < 1 ? near : (deepest + z) / alpha, k,
                                    [&](double e) { return alpha - z * std::exp(-e); });
  const double mean = digamma(alpha);
  Tail tail{0, 0};
  integrate(length, [&](double e, double weight) {
    const double ratio = weight * std::exp(-k(e));
    tail.mass += ratio;
    tail.d_alpha += ratio * (mean - y + e);
  });
  return tail;
}

Tail upper_tail(double alpha, double y, double z) {
  const auto k = [&](double d) { return z * std::expm1(d) - alpha * d; };
  double bound = std::sqrt(3 * deepest / z);
  while (k(bound) < deepest) bound *= 1.5;
  const double length = tail_length(bound, k, [&](double d) { return z * std::exp(d) - alpha; });
  const double mean = digamma(alpha);
  Tail tail{0, 0};
  integrate(length, [&](double d, double weight) {
    const double ratio = weight * std::exp(-k(d));
    tail.mass += ratio;
    tail.d_alpha += ratio * (y + d - mean);
  });
  return tail;
}

}  // namespace

LogGammaPoint log_gamma_point(double alpha, double y) {
  const double z = std::exp(y), t = y - std::log(alpha);
  LogGammaPoint p;
  p.log_density =
      alpha * (t - std::expm1(t)) + 0.5 * std::log(alpha) - half_log_two_pi - stirling_error(alpha);
  p.log_slope = alpha - z;
  // Below alpha = 1 the lower tail has two scales, 1 / alpha and 1; its series has none.
  const bool lower = alpha < 1 ? y <= 0 : y <= digamma(alpha);
  const Tail tail = !lower      ? upper_tail(alpha, y, z)
                    : alpha < 1 ? series(alpha, y, z)
                                : lower_tail(alpha, y, z);
  const double log_tail = std::fmin(p.log_density + std::log(tail.mass), 0.0);
  const double log_rest = std::log1p(-std::exp(log_tail));
  p.log_lower = lower ? log_tail : log_rest;
  p.log_upper = lower ? log_rest : log_tail;
  p.d_alpha = tail.d_alpha;
  return p;
}

double log_gamma_quantile(double alpha, double u) {
  if (!(alpha > 0 && alpha < infinity && u >= 0 && u <= 1)) return std::nan("");
  const double v = 1 - u;
  if (u == 0) return -infinity;
  if (v == 0) return infinity;
  // F <= z^alpha / Gamma(alpha + 1), and Boucheron, Lugosi and Massart (2013), section 2.4:
  // 1 - F(alpha + sqrt(2 alpha t) + t) <= exp(-t).
  const double bound = (std::log(u) + log_gamma(alpha + 1)) / alpha, t = -std::log(v);
  const double low = bound - 1e-6 * std::fmax(1.0, std::fabs(bound));  // which is nearly attained
  const double high = std::log(alpha + std::sqrt(2 * alpha * t) + t);
  const double start = digamma(alpha) + rough_normal_quantile(u, v) * std::sqrt(trigamma(alpha));
  return solve_quantile(u, v, start, low, high,
                        [&](double y) -> CdfPoint { return log_gamma_point(alpha, y); });
}

}  // namespace nelbo::special
