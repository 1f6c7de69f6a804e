#pragma once
#include <cstdint>
#include <vector>

#include "apps/verify/check.hpp"

namespace nelbo::verify {

/// Every metric on codes whose scores are known: perfect, with dead dimensions, with a factor missing,
/// turned, double, merged, noise, constant. What a finite sample or a learner may be off is the
/// expected error.
std::vector<Check> check_metric_oracles(std::uint64_t seed);

/// Metrics of a noisy code that was scaled, turned upside down, reordered, moved, given dead dimensions or
/// bent, less those of the code itself, where they must not change.
std::vector<Check> check_metric_invariances(std::uint64_t seed);

/// What estimates of I(z_d; v_k) say beside its exact value: in a discrete world by its tables, and of a
/// small model that is trained on sprites by quadrature, as MIG.
std::vector<Check> check_information(std::uint64_t seed);

}  // namespace nelbo::verify
