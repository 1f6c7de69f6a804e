#pragma once
#include <string>

#include "models/posteriors/posterior_family.hpp"

namespace nelbo {

/// Reads "diagonal:8+bernoulli:4+categorical:10": blocks of a code, each NAME:L of L variables, or NAME:K of a
/// family that takes an argument, which is one variable. The last layer's columns are the blocks', one after
/// the other; all start Glorot-uniform as a layer of the sum of their variables. Throws Error for a family
/// that has parameters of its own (a flow), and for what is no such list.
PosteriorFamily product_family(const std::string& text);

}  // namespace nelbo
