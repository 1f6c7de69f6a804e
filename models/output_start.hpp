#pragma once
#include "autodiff/tensor.hpp"
#include "models/likelihood.hpp"

namespace nelbo {

/// Where the decoder's output starts, given the training mean of every output [..]: the logit of
/// the mean clipped to [0.001, 0.999] for Bernoulli likelihoods (a pixel that is always black has
/// no logit; Burda et al. 2016), the mean for normal ones. f64. Throws Error for a mean that is not
/// finite, or outside [0, 1] under a Bernoulli likelihood.
Tensor output_start(const Likelihood& likelihood, const Tensor& mean);

/// Where the learned log-variances [X] of normal:learned start: at the training variance of every
/// feature, but at least at 0.001 of the average over the features (a constant feature has no
/// log-variance), and at 0, variance 1, if all are constant. f64. Throws Error for a variance that
/// is negative or not finite.
Tensor log_variance_start(const Tensor& variance);

}  // namespace nelbo
