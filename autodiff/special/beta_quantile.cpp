#include "autodiff/special/beta_quantile.hpp"

#include <limits>
#include <utility>

#include "autodiff/special/beta_fraction.hpp"
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
    if (y < 0) *this = mirrored();
  }
  Logistic mirrored() const {
    Logistic other = *this;
    std::swap(other.x, other.rest), std::swap(other.log_x, other.log_rest);
    return other;
  }
};

/// The lower tail's probability over the density at its edge, and dy/da, dy/db.
struct Tail {
  double mass, d_a, d_b;
};

/// F = x^a (1 - x)^b / a B(a, b) (1 + (a + b) / (a + 1) x + (a + b)(a + b + 1) / (a + 1)(a + 2) x^2
/// + ..). mean_b is E log(1 - x).
Tail series(double a, double b, double mean_b, const Logistic& at) {
  double term = 1, sum = 1, of_a = 0, of_b = 0, sum_a = 0, sum_b = 0;
  for (double n = 0; term > 1e-17 * sum; ++n) {
    const double above = a + b + n, below = a + 1 + n;
    term *= above / below * at.x;
    of_a += (1 - b) / (above * below);
    of_b += 1 / above;
    sum += term;
    sum_a += term * of_a;
    sum_b += term * of_b;
  }
  const double log_a = at.log_x + digamma(a + b) - digamma(a + 1);
  return {sum / a, -(sum * log_a + sum_a) / a, -(sum * (at.log_rest - mean_b) + sum_b) / a};
}

/// The score by a is log x - E log x, that by b log(1 - x) - E log(1 - x).
Tail quadrature(double a, double b, double mean_a, double mean_b, const Logistic& at) {
  // At y - e, log x has lost e + q(e) and log(1 - x) has lost q(e), q = log(1 + x (exp(-e) - 1)).
  const double s = a + b;
  const double length =
      tail_length((deepest - s * at.log_rest) / a,
                  [&](double e) { return a * e + s * std::log1p(at.x * std::expm1(-e)); },
                  [&](double e) {
                    const double shrunk = at.x * std::exp(-e);
                    return a - s * shrunk / (at.rest + shrunk);
                  });
  const Nodes e = nodes_of(length), m = expm1(nodes_of(-length));
  const Nodes q = log1p(each_node([&](std::size_t i) { return at.x * m[i]; }));
  const Nodes ratio = exp(each_node([&](std::size_t i) { return -a * e[i] - s * q[i]; }));
  const double edge_a = mean_a - at.log_x, edge_b = mean_b - at.log_rest;
  return {integral(length, [&](std::size_t i) { return ratio[i]; }),
          integral(length, [&](std::size_t i) { return ratio[i] * (edge_a + e[i] + q[i]); }),
          integral(length, [&](std::size_t i) { return ratio[i] * (edge_b + q[i]); })};
}

/// Where the lower tail of a < 1 is a short sum. Its density has two scales, 1 / a and 1; beyond
/// this point the upper tail has one.
bool in_series(double a, double b, const Logistic& at) {
  return a < 1 && at.x <= 0.5 && at.x * b <= 1;
}

}  // namespace

LogitBeta::LogitBeta(double a, double b)
    : constant_(0.5 * std::log(a / (a + b) * b) - half_log_two_pi + stirling_error(a + b) -
                stirling_error(a) - stirling_error(b)),
      middle_(digamma(a) - digamma(b)),
      sides_{{a, -digamma_difference(a, b), -std::log1p(b / a)},
             {b, -digamma_difference(b, a), -std::log1p(a / b)}} {}

LogitBeta::Point LogitBeta::at(double y) const {
  const Logistic at(y);
  const double a = sides_[0].parameter, b = sides_[1].parameter;
  Point p;
  // Loader (2000): a log(x / E x) + b log((1 - x) / E(1 - x)), and what Stirling's formula leaves.
  p.log_density =
      a * (at.log_x - sides_[0].log_share) + b * (at.log_rest - sides_[1].log_share) + constant_;
  p.log_slope = a * at.rest - b * at.x;
  const bool lower = a < 1 && b < 1 ? y <= 0
                     : a < 1        ? in_series(a, b, at)
                     : b < 1        ? !in_series(b, a, at.mirrored())
                                    : y <= middle_;
  // The upper tail is the lower one of 1 - x.
  const auto& [own, other] = std::pair{sides_[lower ? 0 : 1], sides_[lower ? 1 : 0]};
  const Logistic edge = lower ? at : at.mirrored();
  const Tail tail = own.parameter < 1 ? series(own.parameter, other.parameter, other.log_mean, edge)
                                      : quadrature(own.parameter, other.parameter, own.log_mean,
                                                   other.log_mean, edge);
  p.set_tail(lower, p.log_density + std::log(tail.mass));
  p.d_a = lower ? tail.d_a : -tail.d_b;
  p.d_b = lower ? tail.d_b : -tail.d_a;
  return p;
}

double LogitBeta::start(double u, double v) const {
  return middle_ + rough_normal_quantile(u, v) *
                       std::sqrt(trigamma(sides_[0].parameter) + trigamma(sides_[1].parameter));
}

double LogitBeta::quantile(double u, double v) const {
  return solve_quantile(u, v, start(u, v), -infinity, infinity,
                        [&](double y) -> CdfPoint { return at(y); });
}

/// As at(), without derivatives by a and b.
CdfPoint LogitBeta::cdf_at(double y) const {
  const Logistic at(y);
  const double a = sides_[0].parameter, b = sides_[1].parameter;
  CdfPoint p;
  p.log_density =
      a * (at.log_x - sides_[0].log_share) + b * (at.log_rest - sides_[1].log_share) + constant_;
  p.log_slope = a * at.rest - b * at.x;
  const bool lower = at.x * (a + b + 2) < a + 1;  // where the fraction is short
  constexpr double tolerance = 1e-9;
  const double mass = lower ? beta_fraction(a, b, at.x, tolerance) / a
                            : beta_fraction(b, a, at.rest, tolerance) / b;
  p.set_tail(lower, p.log_density + std::log(mass));
  return p;
}

double LogitBeta::quantile_in_float(double u, double v) const {
  if (std::fmax(sides_[0].parameter, sides_[1].parameter) > 1e4) return quantile(u, v);
  return solve_quantile(u, v, start(u, v), -infinity, infinity,
                        [&](double y) { return cdf_at(y); });
}

}  // namespace nelbo::special
