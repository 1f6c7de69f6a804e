#pragma once
#include <cstddef>
#include <string>

#include "apps/cli/run_flags.hpp"

namespace nelbo {

/// What a run's codes depend on: its parameters and data, by their hashes.
std::string identity_of(const LoadedRun& run);

/// What results of the first `count` examples of a run depend on: its parameters and data, by their hashes,
/// split, seed and instruction set, in one line.
std::string identity_of(const AppliedRun& applied, std::size_t count);

}  // namespace nelbo
