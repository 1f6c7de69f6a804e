#pragma once
#include <string>

#include "models/likelihoods/likelihood.hpp"

namespace nelbo {

/// Why `likelihood` is none of data of this extent, with those of likelihoods() that are: "the
/// likelihood bernoulli is of numbers in [0, 1], and normal[:VAR|:learned] would fit". Empty where it
/// is one, and for a model that has no likelihood (null).
std::string unfit(const Likelihood* likelihood, const Extent& extent);

}  // namespace nelbo
