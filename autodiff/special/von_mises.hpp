#pragma once
#include "autodiff/special/tail.hpp"

namespace nelbo::special {

/// An angle x in (-pi, pi) of density exp(kappa cos x) / 2 pi I_0(kappa), kappa >= 0.
class VonMises {
 public:
  explicit VonMises(double kappa);

  /// log(exp(-kappa) I_0(kappa)).
  double log_bessel_i0e() const { return log_i0e_; }
  /// 1 - A, A = I_1(kappa) / I_0(kappa) = E cos x; also minus the derivative of log_bessel_i0e.
  double spread() const { return spread_; }
  /// dA/dkappa = 1 - A^2 - A / kappa, the variance of cos x.
  double variance() const { return spread_ * (2 - spread_) - ratio_; }
  double entropy() const;

  struct Point : CdfPoint {
    double d_kappa;  // dx/dkappa at fixed F
  };
  Point at(double x) const;
  /// The x with F(x) = u, 0 < u < 1.
  double quantile(double u) const;

 private:
  struct Part {
    double mass, d_kappa;
  };
  Part lower_tail(double x) const;
  Part centre(double x) const;

  double kappa_, log_i0e_, spread_, ratio_;  // ratio = A / kappa
};

}  // namespace nelbo::special
