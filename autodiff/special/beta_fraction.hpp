#pragma once

namespace nelbo::special {

/// The continued fraction of the incomplete beta function (DLMF 8.17.22), a B(a, b) I_x(a, b) / (x^a (1 - x)^b),
/// until a step changes less than `tolerance` of it: some sqrt(max(a, b)) steps for x < (a + 1) / (a + b +
/// 2), where I_x(a, b) is to be had of it; elsewhere take 1 - I_(1 - x)(b, a).
double beta_fraction(double a, double b, double x, double tolerance);

}  // namespace nelbo::special
