#include "autodiff/special/beta_fraction.hpp"

#include <cmath>

namespace nelbo::special {

// Lentz's method.
double beta_fraction(double a, double b, double x, double tolerance) {
  constexpr double most_steps = 1e6, tiny = 1e-300;
  const auto away_from_0 = [](double value) { return std::fabs(value) < tiny ? tiny : value; };
  double c = 1, d = 1 / away_from_0(1 - (a + b) * x / (a + 1)), f = d;
  for (double m = 1; m < most_steps; ++m) {
    const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / away_from_0(1 + even * d);
    c = away_from_0(1 + even / c);
    f *= c * d;
    const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / away_from_0(1 + odd * d);
    c = away_from_0(1 + odd / c);
    f *= c * d;
    if (std::fabs(c * d - 1) < tolerance) break;
  }
  return f;
}

}  // namespace nelbo::special
