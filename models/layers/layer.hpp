#pragma once
#include <functional>

#include "autodiff/tape.hpp"

namespace nelbo {

/// A layer: anything that maps a variable to a variable while the current tape records. Layers are
/// small values; their parameters live in a ParameterStore that outlives them and is frozen before
/// the first use.
using Layer = std::function<Var(Var)>;

}  // namespace nelbo
