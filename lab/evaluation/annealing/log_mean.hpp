#pragma once
#include <span>

namespace nelbo::annealing {

/// The logarithm of a mean of weights, nats, with its standard error to first order; NaN of one
/// weight.
struct LogMean {
  double value = 0;
  double error = 0;
  double ess = 0;  // (sum w)^2 / sum w^2, of S weights 1 .. S
};

/// log (1/S) sum_s exp(f_s): below log E w in expectation.
LogMean log_mean_exp(std::span<const double> log_weights);
/// -log (1/S) sum_s exp(-f_s): where exp(-f_s) are unbiased estimates of 1 / P(x), above log P(x)
/// in expectation, and the less the more of them there are, which the mean of the f_s is not.
LogMean log_harmonic_mean_exp(std::span<const double> log_weights);

}  // namespace nelbo::annealing
