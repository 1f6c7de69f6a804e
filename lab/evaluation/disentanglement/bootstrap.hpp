#pragma once
// Standard errors of whatever is a function of weighted points: the bootstrap (Efron 1979).
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "lab/evaluation/disentanglement/contingency.hpp"
#include "lab/evaluation/disentanglement/points.hpp"

namespace nelbo::disentanglement {

inline constexpr std::size_t bootstrap_replicates = 100;

/// How often each of n points is drawn in a replicate: n draws with replacement. Draws of another
/// `part` are of other points.
std::vector<std::uint32_t> resampled(std::size_t n, std::uint64_t seed, std::size_t replicate,
                                     std::size_t part = 0);

/// Statistics of a replicate, always as many.
using Statistics = std::function<std::vector<double>(std::size_t replicate)>;

/// The standard deviation over the replicates of every statistic; on several threads, so `statistics`
/// must not write to what others see. NaN where a statistic is not finite in fewer than 2.
std::vector<double> bootstrap_errors(const Statistics& statistics);

}  // namespace nelbo::disentanglement
