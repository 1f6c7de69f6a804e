#pragma once
#include "lab/data/dataset.hpp"
#include "models/registry.hpp"

namespace nelbo::data {

/// "gaussian:4,2,0.5": normal variables with these variances, 10,000 examples for training and as many for
/// test, whose mean is 0 and whose covariance (divided by N) is diagonal with these variances, to rounding.
/// What depends on second moments alone then is that of the population: a linear model reaches on them
/// what theory says. Throws Error unless there are 1 to 64 positive finite variances.
Dataset make_gaussian(const Choice& choice);

}  // namespace nelbo::data
