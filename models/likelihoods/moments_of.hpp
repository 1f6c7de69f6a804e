#pragma once
// What likelihoods read of the moments of their data.
#include <string>
#include <vector>

#include "models/likelihoods/likelihood.hpp"

namespace nelbo {

/// The means, [X]. Throws Error where one is not finite.
std::vector<double> finite_means(const DataMoments& moments);

/// The means of the likelihood's statistics, [X K]. Throws Error where the moments are without.
std::vector<double> statistics_of(const Likelihood& likelihood, const DataMoments& moments);

/// Where the log-variances of features start, [X]: at the training variance of every feature, but at
/// least at 0.001 of the average over the features (a constant feature has no log-variance), and at 1 if
/// all are constant. Throws Error for a variance that is negative or not finite.
Tensor log_variance_start(const DataMoments& moments);

/// The logarithm of the average of those variances, [1].
Tensor shared_log_variance_start(const DataMoments& moments);

/// Numbers as a tensor [N], f64.
Tensor vector_of(const std::vector<double>& numbers);

}  // namespace nelbo
