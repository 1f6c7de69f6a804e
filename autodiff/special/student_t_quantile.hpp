#pragma once
namespace nelbo::special {

/// The t with F(t) = u of Student's distribution with nu degrees of freedom: -infinity and infinity
/// for u = 0 and 1; NaN for nu not positive and finite or u outside [0, 1].
double student_t_quantile(double nu, double u);

/// Its derivatives at the quantile t.
struct StudentTSlope {
  double d_nu;  // at fixed F
  double d_u;   // 1 / density
};
StudentTSlope student_t_slope(double nu, double t);

}  // namespace nelbo::special
