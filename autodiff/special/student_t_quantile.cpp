#include "autodiff/special/student_t_quantile.hpp"

#include <cmath>
#include <numbers>

#include "autodiff/special/beta_quantile.hpp"
#include "autodiff/special/gamma.hpp"

namespace nelbo::special {

// nu / (nu + t^2) is a beta variable of nu / 2 and 1/2; with y its logit, t^2 = nu exp(-y).

double student_t_quantile(double nu, double u) {
  const double distance = 2 * u - 1;  // exact
  if (distance == 0) return 0;
  const double p = u < 0.5 ? 2 * u : 2 * (1 - u);
  const double y = LogitBeta(nu / 2, 0.5).quantile(p, std::fabs(distance));
  return std::copysign(std::exp(0.5 * (std::log(nu) - y)), distance);
}

StudentTSlope student_t_slope(double nu, double t) {
  const double r = std::fabs(t) / std::sqrt(nu), log_square = 2 * std::log(r), h = 0.5 * nu;
  // log(1 + r^2) without overflow, and log Gamma(h + 1/2) - log Gamma(h) by Stirling's formula.
  const double log_sum = r < 1 ? std::log1p(r * r) : log_square + std::log1p(1 / (r * r));
  const double log_ratio = 0.5 * std::log(h) + h * std::log1p(0.5 / h) - 0.5 +
                           stirling_error(h + 0.5) - stirling_error(h);
  const double log_density =
      log_ratio - 0.5 * std::log(std::numbers::pi * nu) - (h + 0.5) * log_sum;
  StudentTSlope slope{0, std::exp(-log_density)};
  if (t == 0 || !std::isfinite(t)) return slope;
  const double square = t * t;
  if (nu > 1e5 && square < 1e-3 * nu) {
    // dt/dnu of the expansion about the normal quantile n (Fisher and Cornish 1960),
    //   t = n + (n^3 + n) / 4 nu + (5 n^5 + 16 n^3 + 3 n) / 96 nu^2 + ..,
    // with n written in t: below, two terms of order 1 / nu would differ by one of order 1 / nu^2.
    slope.d_nu = t * (-(square + 1) / 4 + square * (square - 1) / (12 * nu)) / (nu * nu);
  } else {
    const double d_a = LogitBeta(h, 0.5).at(-log_square).d_a;
    slope.d_nu = 0.5 * t * (1 / nu - 0.5 * d_a);
  }
  return slope;
}

}  // namespace nelbo::special
