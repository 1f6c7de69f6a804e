#pragma once
#include <vector>

#include "models/priors/prior_family.hpp"

namespace nelbo {

/// Priors of the supports that implicit posteriors have (implicit_families.hpp), independent but for
/// dirichlet, with fixed parameters:
///   gamma[:C:RATE]      concentration C and rate: 1:1, the exponential distribution
///   beta[:A:B]          1:1, uniform
///   dirichlet[:C]       every concentration C: 1, uniform over the simplex
///   von_mises[:KAPPA]   about the angle 0: 0, uniform around the circle
///   student[:NU]        NU degrees of freedom, location 0, scale 1: 5
/// Throw Error for an argument that is no list of such numbers, from 1e-3 to 1e6 (KAPPA from 0).
std::vector<PriorWord> implicit_priors();

}  // namespace nelbo
