#pragma once
#include "autodiff/parameters.hpp"
#include "autodiff/tape.hpp"
#include "models/data_moments.hpp"
#include "models/likelihoods/support.hpp"

namespace nelbo {

/// Data that are learned: any numbers u [K, X] brought into an interval of values. Without ends u itself,
/// with both least + (greatest - least) sigmoid(u), with one of them least + exp(u) or greatest - exp(u).
/// What lies between whole numbers stays there.
Var in_support(const Support& support, Var u);

/// u at the data's mean, scattered by the data's deviation, or by 1 where the support has ends. A mean
/// keeps 0.001 of the interval from its ends, 0.001 where it has one.
Initializer pseudo_inputs_start(const Support& support, const DataMoments& moments);

}  // namespace nelbo
