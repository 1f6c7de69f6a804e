#pragma once
#include "autodiff/special/tail.hpp"

namespace nelbo::special {

/// A gamma variable z of shape alpha and rate 1 on the scale y = log z, on which its density is
/// log-concave, and which does not underflow for small alpha: log g(y) = alpha y - exp(y) -
/// log Gamma(alpha).
struct LogGammaPoint : CdfPoint {
  double d_alpha;  // dy/dalpha at fixed F
};

/// Throws nothing: NaN for NaN.
LogGammaPoint log_gamma_point(double alpha, double y);

/// The y with F(y) = u: -infinity and infinity for u = 0 and 1; NaN for alpha not positive and
/// finite or u outside [0, 1].
double log_gamma_quantile(double alpha, double u);

}  // namespace nelbo::special
