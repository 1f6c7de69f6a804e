#include "lab/statistics/student_t.hpp"

#include <cmath>
#include <numbers>

#include "autodiff/special/beta_fraction.hpp"

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
  constexpr double tolerance = 1e-16;
  if (x < (a + 1) / (a + 2.5)) return front * special::beta_fraction(a, 0.5, x, tolerance) / a;
  return 1 - front * special::beta_fraction(0.5, a, rest, tolerance) / 0.5;
}

}  // namespace nelbo::gradvar
