#pragma once
#include <cstddef>
#include <vector>

#include "lab/evaluation/disentanglement/points.hpp"

namespace nelbo::disentanglement {

struct ActiveUnits {
  Score count;
  std::vector<std::size_t> units;  ///< ascending
};

/// The dimensions with Var_x(E[z_d | x]) > 0.01 (Burda et al. 2016), variances divided by N - 1. The
/// error is that of a sum of independent events: each variance is normal about its estimate with the
/// error that the code's fourth moment says.
/// Lies: the bound is absolute; a code scaled by .01 has no active units.
ActiveUnits active_units(const Points& points);

}  // namespace nelbo::disentanglement
