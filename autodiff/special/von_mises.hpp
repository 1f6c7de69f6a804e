#pragma once
#include "autodiff/special/tail.hpp"

namespace nelbo::special {

// Modified Bessel functions of the von Mises distribution, density exp(kappa cos x) /
// 2 pi I_0(kappa), kappa >= 0.

/// log(exp(-kappa) I_0(kappa)).
double log_bessel_i0e(double kappa);
/// 1 - A, A = I_1(kappa) / I_0(kappa) = E cos x; also minus the derivative of log_bessel_i0e.
double von_mises_spread(double kappa);
/// dA/dkappa = var cos x.
double von_mises_variance(double kappa);

/// The distribution on (-pi, pi) at x, whose distribution function is 0 at -pi.
struct VonMisesPoint : CdfPoint {
  double d_kappa;  // dx/dkappa at fixed F
};
VonMisesPoint von_mises_point(double kappa, double x);

/// The x with F(x) = u: -pi and pi for u = 0 and 1; NaN for kappa negative or not finite or u
/// outside [0, 1].
double von_mises_quantile(double kappa, double u);

}  // namespace nelbo::special
