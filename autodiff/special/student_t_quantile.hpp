#pragma once
namespace nelbo::special {

/// The t with F(t) = u, 0 < u < 1, of Student's distribution with nu > 0 degrees of freedom.
double student_t_quantile(double nu, double u);

/// Its derivatives at the quantile t.
struct StudentTSlope {
  double d_nu;  // at fixed F
  double d_u;   // 1 / density
};
StudentTSlope student_t_slope(double nu, double t);

}  // namespace nelbo::special
