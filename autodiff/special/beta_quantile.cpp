#include "autodiff/special/beta_quantile.hpp"

#include <limits>
#include <utility>

#include "autodiff/special/gamma.hpp"

namespace nelbo::special {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double half_log_two_pi = 0.91893853320467274178;

/// x = 1 / (1 + exp(-y)) and 1 - x with their logarithms.
struct Logistic {
  double x, rest, log_x, log_rest;
  explicit Logistic(double y) {
    const double small = std::exp(-std::fabs(y)), log_large = -std::log1p(small);
    x = 1 / (1 + small), rest = small / (1 + small);
    log_x = log_large, log_rest = log_large - std::fabs(y);
    if (y < 0) std::swap(x, rest), std::swap(log_x, log_rest);
  }
};

/// The lower tail's probability over the density at its edge, and dy/da, dy/db.
struct Tail {
  double mass, d_a, d_b;
};

/// F = x^a (1 - x)^b / a B(a, b) (1 + (a + b) / (a + 1) x + (a + b)(a + b + 1) / (a + 1)(a + 2) x^2
/// + ..).
Tail series(double a, double b, const Logistic& at) {
  double term = 1, sum = 1, of_a = 0, of_b = 0, sum_a = 0, sum_b = 0;
  for (double n = 0; term > 1e-17 * sum; ++n) {
    term *= (a + b + n) / (a + 1 + n) * at.x;
    of_a += (1 - b) / ((a + b + n) * (a + 1 + n));
    of_b += 1 / (a + b + n);
    sum += term;
    sum_a += term * of_a;
    sum_b += term * of_b;
  }
  const double log_a = at.log_x + digamma(a + b) - digamma(a + 1);
  const double log_b = at.log_rest + digamma_difference(b, a);
  return {sum / a, -(sum * log_a + sum_a) / a, -(sum * log_b + sum_b) / a};
}

Tail quadrature(double a, double b, const Logistic& at) {
  const auto lost = [&](double e) { return std::log1p(at.x * std::expm1(-e)); };
  const auto k = [&](double e) { return a * e + (a + b) * lost(e); };
  const double length = tail_length((deepest - (a + b) * at.log_rest) / a, k, [&](double e) {
    return a - (a + b) * at.x * std::exp(-e) / (1 + at.x * std::expm1(-e));
  });
  // The scores are log x + digamma_difference(a, b) and log(1 - x) + digamma_difference(b, a).
  const double edge_a = -digamma_difference(a, b) - at.log_x;
  const double edge_b = -digamma_difference(b, a) - at.log_rest;
  Tail tail{0, 0, 0};
  integrate(length, [&](double e, double weight) {
    const double q = lost(e), ratio = weight * std::exp(-a * e - (a + b) * q);
    tail.mass += ratio;
    tail.d_a += ratio * (edge_a + e + q);
    tail.d_b += ratio * (edge_b + q);
  });
  return tail;
}

/// Where the lower tail of a < 1 is a short sum. Its density has two scales, 1 / a and 1; beyond
/// this point the upper tail has one.
bool in_series(double a, double b, const Logistic& at) {
  return a < 1 && at.x <= 0.5 && at.x * b <= 1;
}

bool takes_lower(double a, double b, double y, const Logistic& at) {
  if (a < 1 && b < 1) return y <= 0;
  if (a < 1) return in_series(a, b, at);
  if (b < 1) return !in_series(b, a, Logistic(-y));
  return y <= digamma(a) - digamma(b);
}

}  // namespace

LogitBetaPoint logit_beta_point(double a, double b, double y) {
  const Logistic at(y);
  const double s = a + b;
  LogitBetaPoint p;
  // Loader (2000): a log(x s / a) + b log((1 - x) s / b), and what Stirling's formula leaves.
  p.log_density = a * (at.log_x - std::log(a / s)) + b * (at.log_rest - std::log(b / s)) +
                  0.5 * std::log(a / s * b) - half_log_two_pi + stirling_error(s) -
                  stirling_error(a) - stirling_error(b);
  p.log_slope = a * at.rest - b * at.x;
  const bool lower = takes_lower(a, b, y, at);
  Tail tail;
  if (lower) {
    tail = a < 1 ? series(a, b, at) : quadrature(a, b, at);
  } else {  // the lower tail of 1 - x
    const Logistic mirrored(-y);
    const Tail other = b < 1 ? series(b, a, mirrored) : quadrature(b, a, mirrored);
    tail = {other.mass, -other.d_b, -other.d_a};
  }
  const double log_tail = std::fmin(p.log_density + std::log(tail.mass), 0.0);
  const double log_rest = std::log1p(-std::exp(log_tail));
  p.log_lower = lower ? log_tail : log_rest;
  p.log_upper = lower ? log_rest : log_tail;
  p.d_a = tail.d_a;
  p.d_b = tail.d_b;
  return p;
}

double logit_beta_quantile(double a, double b, double u, double v) {
  if (!(a > 0 && a < infinity && b > 0 && b < infinity && u >= 0 && v >= 0 && u <= 1 && v <= 1)) {
    return std::nan("");
  }
  if (u == 0) return -infinity;
  if (v == 0) return infinity;
  const double start =
      digamma(a) - digamma(b) + rough_normal_quantile(u, v) * std::sqrt(trigamma(a) + trigamma(b));
  return solve_quantile(u, v, start, -infinity, infinity,
                        [&](double y) -> CdfPoint { return logit_beta_point(a, b, y); });
}

}  // namespace nelbo::special
