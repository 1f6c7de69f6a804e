#pragma once

namespace nelbo::gradvar {

/// P(|T| >= |t|) for Student's t with `freedom` > 0 degrees of freedom; NaN for NaN. Far out in the
/// tail too, 12 digits are right up to 1e5 degrees of freedom and 10 at 1e7. It is the regularised
/// incomplete beta function I_x(freedom / 2, 1 / 2) at x = freedom / (freedom + t^2).
double student_t_two_sided(double t, double freedom);

}  // namespace nelbo::gradvar
