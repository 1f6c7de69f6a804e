#pragma once
#include <vector>

#include "apps/verify/check.hpp"
#include "models/worlds/discrete.hpp"
#include "models/worlds/linear_gaussian.hpp"
#include "objectives/draw/scheme.hpp"

namespace nelbo::verify {

/// B, and the N that the schemes' weights are told.
inline constexpr std::int64_t scheme_batch = 512, scheme_data = 8 * scheme_batch;

/// H_agg under every mini-batch scheme, from batches of 512 fresh data, beside its bias to first
/// order in 1/B,
///   chi (1/2 sum_others w^2 - w_own) - log (sum of the weights),   chi = exp(2 I_enc) - 1,
/// with weights normalised inside the parentheses. The density ratios have no third moment in the
/// tails of P_enc(Z), so that a next order does not exist: a quarter of chi / 2B is allowed as the
/// error of the prediction, an eighth of what tells under- from over-estimation. There is no
/// z-score where the batch is below 16 chi. About `samples` draws, at most 2^17.
std::vector<Check> check_schemes(const LinearGaussian& world, std::uint64_t seed,
                                 std::int64_t samples);

/// The exact expectation of H_agg under every scheme for B = 2 .. N, by enumerating all batches
/// without replacement and all draws: each must err to its own side, or not at all.
std::vector<Check> check_schemes(const DiscreteWorld& world);

/// The expectation of H_agg in a discrete world under a scheme, nats.
double expected_hagg(const DiscreteWorld& world, Scheme scheme, std::int64_t batch);

}  // namespace nelbo::verify
