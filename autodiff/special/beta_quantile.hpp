#pragma once
#include "autodiff/special/tail.hpp"

namespace nelbo::special {

/// The logit y = log x - log(1 - x) of a beta variable of parameters a, b > 0. On this scale the
/// density is log-concave, and neither x nor 1 - x underflows:
///   log g(y) = a log x + b log(1 - x) - log B(a, b).
class LogitBeta {
 public:
  LogitBeta(double a, double b);

  struct Point : CdfPoint {
    double d_a, d_b;  // dy/da, dy/db at fixed F
  };
  Point at(double y) const;
  /// The y with F(y) = u, given with v = 1 - u, so that no digits are lost next to 1; both above 0.
  double quantile(double u, double v) const;
  /// The same to float's digits, several times as fast.
  double quantile_in_float(double u, double v) const;

 private:
  CdfPoint cdf_at(double y) const;
  double start(double u, double v) const;

  /// One side, 0 that of x and 1 that of 1 - x, on which the variable is 1 - x of parameters b, a.
  struct Side {
    double parameter;  // a, or b
    double log_mean;   // E log x, or E log(1 - x)
    double log_share;  // log of a / (a + b), or b / (a + b)
  };
  double constant_;  // of the log-density about its middle
  double middle_;    // E y
  Side sides_[2];
};

}  // namespace nelbo::special
