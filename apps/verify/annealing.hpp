#pragma once
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "apps/verify/check.hpp"
#include "models/worlds/linear_gaussian.hpp"

namespace nelbo::verify {

/// What annealed importance sampling must come to, nats per datum: log_px and log_px_prior, E log
/// P(x) over the world's data, from the encoder and from the prior; bdmc_lower and bdmc_upper, over
/// the model's own data.
std::vector<std::pair<std::string, double>> exact_annealing(const LinearGaussian& world);

/// The same estimated with 1,000 temperatures and 16 chains on 64 data each, whose exact log P(x)
/// is taken off one by one: only what the chains add has a spread. The logarithm's bias, half the
/// squared error of the chains, and float32's rounding count as errors of the prediction.
std::vector<Check> check_annealing(const LinearGaussian& world, std::uint64_t seed);

}  // namespace nelbo::verify
