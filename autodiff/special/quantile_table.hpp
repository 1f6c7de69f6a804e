#pragma once
#include <cstddef>
#include <functional>
#include <vector>

namespace nelbo::special {

/// A smooth function of two numbers by interpolation: the polynomial of degree 5 in each through the 6 x 6
/// nearest values of a table. What quantiles of one parameter cost in float.
class QuantileTable {
 public:
  /// Equidistant nodes, of which `first` .. `last` is within reach.
  struct Axis {
    double first, last, step;
  };
  QuantileTable(const std::function<double(double x, double g)>& f, Axis x, Axis g);

  bool reaches(double x, double g) const {
    return x >= x_.first && x <= x_.last && g >= g_.first && g <= g_.last;
  }
  struct Value {
    double value, by_x;  // f and df/dx
  };
  /// Where reaches(x, g).
  Value at(double x, double g) const;

 private:
  Axis x_, g_;
  std::size_t columns_;
  std::vector<double> values_;  // f at x's nodes, by rows of g's
};

/// y and dy/dtheta of a quantile y(theta, u) of a float u with the standard normal quantile g; false for what
/// is beyond the tables. Relative errors of some 1e-7, as float has.
struct Tabulated {
  double value = 0, slope = 0;
  bool known = false;
};
/// Of LogGamma (gamma_quantile.hpp), 0.1 <= alpha <= 1e6.
Tabulated tabulated_log_gamma(double alpha, double g);
/// Of Student's distribution, 0.5 <= nu <= 1e6.
Tabulated tabulated_student_t(double nu, double g);

}  // namespace nelbo::special
