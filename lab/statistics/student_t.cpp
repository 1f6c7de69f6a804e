#include "lab/statistics/student_t.hpp"

#include <cmath>
#include <numbers>

namespace nelbo::gradvar {
namespace {

/// log Gamma(a + 1/2) / Gamma(a). For large a from Stirling's series of the difference: two values
/// of lgamma would cancel.
double log_gamma_step(double a) {
  if (a < 16) return std::lgamma(a + 0.5) - std::lgamma(a);
  const double r = 1 / (a * a);
  return 0.5 * std::log(a) -
         (1.0 / 8 - r * (1.0 / 192 - r * (1.0 / 640 - r * (17.0 / 14336 - r * (31.0 / 18432))))) /
             a;
}

/// The continued fraction of I_x(a, b) (DLMF 8.17.22) by Lentz's method; converges in about
/// sqrt(max(a, b)) steps for x < (a + 1) / (a + b + 2).
double beta_fraction(double a, double b, double x) {
  constexpr int most_steps = 1'000'000;
  constexpr double tiny = 1e-300;
  const auto away_from_zero = [](double v) { return std::abs(v) < tiny ? tiny : v; };
  double c = 1, d = 1 / away_from_zero(1 - (a + b) * x / (a + 1)), value = d;
  for (int n = 1; n < most_steps; ++n) {
    const double even = n * (b - n) * x / ((a + 2 * n - 1) * (a + 2 * n));
    d = 1 / away_from_zero(1 + even * d);
    c = away_from_zero(1 + even / c);
    value *= c * d;
    const double odd = -(a + n) * (a + b + n) * x / ((a + 2 * n) * (a + 2 * n + 1));
    d = 1 / away_from_zero(1 + odd * d);
    c = away_from_zero(1 + odd / c);
    value *= c * d;
    if (std::abs(c * d - 1) < 1e-16) break;
  }
  return value;
}

}  // namespace

double student_t_two_sided(double t, double freedom) {
  const double ratio = t * t / freedom;
  if (std::isnan(ratio)) return ratio;
  if (ratio == 0) return 1;
  if (std::isinf(ratio)) return 0;
  const double a = freedom / 2, x = 1 / (1 + ratio), rest = ratio / (1 + ratio);
  // x^a (1 - x)^(1/2) / B(a, 1/2)
  const double front =
      std::exp(log_gamma_step(a) - a * std::log1p(ratio)) * std::sqrt(rest / std::numbers::pi);
  if (x < (a + 1) / (a + 2.5)) return front * beta_fraction(a, 0.5, x) / a;
  return 1 - front * beta_fraction(0.5, a, rest) / 0.5;
}

}  // namespace nelbo::gradvar
