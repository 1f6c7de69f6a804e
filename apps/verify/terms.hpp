#pragma once
#include <vector>

#include "apps/verify/check.hpp"
#include "models/worlds/world.hpp"

namespace nelbo::verify {

/// Every term of ExactTerms that has an estimate, as the mean of the world's exact log-densities
/// over `samples` draws x ~ data, z ~ Q(z|x). h_data and mi_dec are exact by themselves and not
/// among them.
std::vector<Check> check_terms(const World& world, std::uint64_t seed, std::int64_t samples);

/// Throws Error naming the first term that is not finite.
void require_finite(const ExactTerms& terms);

}  // namespace nelbo::verify
