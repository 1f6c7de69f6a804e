#pragma once
#include <array>
#include <cstddef>
#include <functional>
#include <vector>

#include "autodiff/special/interpolation.hpp"

namespace nelbo::special {

/// A smooth function f(x, g) by interpolation in a table: what quantiles of one parameter cost in float.
class QuantileTable {
 public:
  QuantileTable(const std::function<double(double x, double g)>& f, Axis x, Axis g);

  bool reaches(double x, double g) const { return x_.reaches(x) && g_.reaches(g); }
  struct Value {
    double value, by_x;  // f and df/dx
  };
  /// Where reaches(x, g).
  Value at(double x, double g) const;

 private:
  Axis x_, g_;
  std::vector<double> values_;  // f at x's nodes, by rows of g's
};

/// y and its derivatives by P parameters of a quantile y(.., u) of a float u with the standard normal quantile
/// g; not known beyond the tables. Relative errors of some 1e-6 and 1e-5, as float's rounding of u makes.
template <std::size_t P>
struct Tabulated {
  double value = 0;
  std::array<double, P> slopes{};
  bool known = false;
};
/// Of LogGamma (gamma_quantile.hpp), 0.1 <= alpha <= 1e6.
Tabulated<1> tabulated_log_gamma(double alpha, double g);
/// Of Student's distribution, 0.1 <= nu <= 1e6.
Tabulated<1> tabulated_student_t(double nu, double g);
/// Of LogitBeta (beta_quantile.hpp), 0.37 <= a, b <= 500.
Tabulated<2> tabulated_logit_beta(double a, double b, double g);

}  // namespace nelbo::special
