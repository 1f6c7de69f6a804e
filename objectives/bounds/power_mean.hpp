#pragma once
#include <span>

namespace nelbo::bounds {

/// L = 1/p log (1/m) sum_s exp(p f_s), p != 0: the logarithm of the power mean of weights exp f_s,
/// and v_s = dL/df_s = softmax(p f)_s. Its second derivative in f_s is p v_s (1 - v_s). Accurate
/// for tiny p, where it comes to the mean of f. If some f_s decide L by being infinite, they share
/// v.
double power_mean(double p, std::span<const double> f, std::span<double> v);

/// The mean of f.
double mean_of(std::span<const double> f);

/// v = 1/c at the c samples that equal `value`, 0 elsewhere (v of maxima and of infinities).
void share_among(double value, std::span<const double> f, std::span<double> v);

}  // namespace nelbo::bounds
