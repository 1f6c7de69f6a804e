#include "autodiff/special/gamma.hpp"

#include <cmath>

namespace nelbo::special {
namespace {

constexpr double half_log_two_pi = 0.91893853320467274178;
constexpr double large = 15;  // where the asymptotic series below have reached rounding

/// e(x) = sum_k B_2k / (2k (2k - 1) x^(2k - 1)).
double stirling_series(double x) {
  const double z = 1 / (x * x);
  return (1.0 / 12 -
          z * (1.0 / 360 -
               z * (1.0 / 1260 -
                    z * (1.0 / 1680 - z * (1.0 / 1188 - z * (691.0 / 360360 - z / 156)))))) /
         x;
}

double stirling_derivative_series(double x) {
  const double z = 1 / (x * x);
  return -z *
         (1.0 / 12 -
          z * (1.0 / 120 -
               z * (1.0 / 252 - z * (1.0 / 240 - z * (1.0 / 132 - z * (691.0 / 32760 - z / 12))))));
}

/// trigamma(x) - 1 / x.
double trigamma_series(double x) {
  const double z = 1 / (x * x);
  const double tail =
      1.0 / 6 -
      z * (1.0 / 30 -
           z * (1.0 / 42 - z * (1.0 / 30 - z * (5.0 / 66 - z * (691.0 / 2730 - z * 7.0 / 6)))));
  return 0.5 * z + z / x * tail;
}

}  // namespace

// Below `large`, e(x) - e(x + 1) = (x + 1/2) log(1 + 1/x) - 1: a sum of positive terms.

double stirling_error(double x) {
  double sum = 0;
  for (; x < large; ++x) sum += (x + 0.5) * std::log1p(1 / x) - 1;
  return sum + stirling_series(x);
}

double stirling_error_derivative(double x) {
  double sum = 0;
  for (; x < large; ++x) sum += std::log1p(1 / x) - (x + 0.5) / (x * (x + 1));
  return sum + stirling_derivative_series(x);
}

double log_gamma(double x) {
  return (x - 0.5) * std::log(x) - x + half_log_two_pi + stirling_error(x);
}

double digamma(double x) {
  double sum = 0;
  for (; x < large; ++x) sum -= 1 / x;
  return sum + std::log(x) - 0.5 / x + stirling_derivative_series(x);
}

double trigamma(double x) {
  double sum = 0;
  for (; x < large; ++x) sum += 1 / (x * x);
  return sum + 1 / x + trigamma_series(x);
}

double digamma_difference(double x, double d) {
  double sum = 0;
  for (; x < large; ++x) sum += d / (x * (x + d));
  return sum + std::log1p(d / x) + 0.5 * d / (x * (x + d)) + stirling_derivative_series(x + d) -
         stirling_derivative_series(x);
}

double digamma_minus_log(double x) { return stirling_error_derivative(x) - 0.5 / x; }

double digamma_minus_log_derivative(double x) {
  double sum = 0;
  for (; x < large; ++x) sum += 1 / (x * x * (x + 1));  // 1 / x^2 - (1 / x - 1 / (x + 1))
  return sum + trigamma_series(x);
}

double gamma_entropy(double x) {
  return half_log_two_pi + 0.5 * std::log(x) + 0.5 * (1 - 1 / x) + stirling_error(x) +
         (1 - x) * stirling_error_derivative(x);
}

double gamma_entropy_derivative(double x) { return 1 + (1 - x) * trigamma(x); }

}  // namespace nelbo::special
