#pragma once
#include "autodiff/special/tail.hpp"

namespace nelbo::special {

/// A beta variable x on the scale y = logit x, on which its density is log-concave, and on which
/// neither x nor 1 - x underflows: log g(y) = a log x + b log(1 - x) - log B(a, b).
struct LogitBetaPoint : CdfPoint {
  double d_a, d_b;  // dy/da, dy/db at fixed F
};

LogitBetaPoint logit_beta_point(double a, double b, double y);

/// The y with F(y) = u, given with v = 1 - u, so that no digits are lost next to 1: -infinity and
/// infinity where u or v is 0; NaN for a, b not positive and finite or u, v outside [0, 1].
double logit_beta_quantile(double a, double b, double u, double v);

}  // namespace nelbo::special
