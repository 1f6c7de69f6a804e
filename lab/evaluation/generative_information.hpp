#pragma once
#include <cstdint>

#include "autodiff/parameters.hpp"
#include "lab/evaluation/standard_errors.hpp"
#include "models/model.hpp"

namespace nelbo {

/// I_dec(X;Z) = E log P(x|z) - E log P_dec(x) over pairs (z, x) that the model makes, Zheng eq.
/// (3), nats: `pairs` of them, log P_dec(x) by importance sampling with `samples` draws of the
/// encoder, eqs (36)-(37). The latter is too low on average, so the estimate is too high.
MeanAndError generative_information(const Model& model, std::size_t pairs, std::size_t samples,
                                    std::uint64_t seed);

}  // namespace nelbo
