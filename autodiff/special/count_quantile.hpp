#pragma once

namespace nelbo::special {

/// The least whole number k with P(X <= k) >= u, 0 < u < 1, of a negative binomial count X of mean m and
/// variance m + m^2 / r, or of a Poisson count where log_r is above 40. NaN unless m is finite and r > 0.
double count_quantile(double log_mean, double log_r, double u);

}  // namespace nelbo::special
