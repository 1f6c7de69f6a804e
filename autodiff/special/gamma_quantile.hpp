#pragma once
#include "autodiff/special/tail.hpp"

namespace nelbo::special {

/// The logarithm y of a gamma variable of shape alpha > 0 and rate 1. On this scale the density is
/// log-concave, and nothing underflows for small alpha:
///   log g(y) = alpha y - exp(y) - log Gamma(alpha).
class LogGamma {
 public:
  explicit LogGamma(double alpha);

  struct Point : CdfPoint {
    double d_alpha;  // dy/dalpha at fixed F
  };
  Point at(double y) const;
  /// The y with F(y) = u, 0 < u < 1.
  double quantile(double u) const;

 private:
  struct Tail {
    double mass, d_alpha;
  };
  Tail series(double y, double z) const;
  Tail lower_tail(double y, double z) const;
  Tail upper_tail(double y, double z) const;

  double alpha_, log_alpha_;
  double mean_;      // E y
  double constant_;  // of the log-density about y = log alpha
};

}  // namespace nelbo::special
