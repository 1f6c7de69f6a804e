#pragma once
#include <cstdint>

#include "autodiff/random.hpp"

namespace nelbo::verify {

/// The random numbers of `nelbo verify`; the step tells apart what they are for.
inline Stream evaluation(std::uint64_t seed) { return {.seed = seed, .id = StreamId::evaluation}; }
enum Step : std::uint64_t { term_draws, scheme_batches, bound_weights };

}  // namespace nelbo::verify
