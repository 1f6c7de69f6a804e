#pragma once
#include <vector>

#include "apps/verify/check.hpp"
#include "models/worlds/world.hpp"

namespace nelbo::verify {

/// IW_m at the datum of the world's weight_facts(), Zheng eqs (36)-(40), m = 1, 8, 64, 512, all
/// from the same `samples` weights. IW_1 is the ELBO, which is exact; the others are held against
///   log P(x) - chi^2 / (2 m) + (3/4 chi^4 - mu_3 / 3) / m^2
/// (Nowozin 2018), chi^2 and mu_3 the second and third central moments of the weights. There is no
/// z-score where the weights' variance is infinite, where mu_3 is, or where m is too small for the
/// series.
std::vector<Check> check_bounds(const World& world, std::uint64_t seed, std::int64_t samples);

}  // namespace nelbo::verify
