#pragma once
#include <utility>

#include "lab/data/examples.hpp"

namespace nelbo {

/// The range of values, in the units of the data, that goes from black to white: [0, 1], or what the
/// examples span where that is more.
std::pair<double, double> picture_range(const Examples& examples);

}  // namespace nelbo
