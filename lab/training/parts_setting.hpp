#pragma once
#include <cstdint>

#include "lab/training/batch_in_parts.hpp"
#include "lab/training/ranks.hpp"

namespace nelbo {

/// Of low memory at least, where the settings say nothing of parts.
inline constexpr std::int64_t parts_of_low_memory = 4;

/// The parts that every batch is computed in: `asked`, or, of 0, as many as there are ranks, and of low memory a
/// multiple of them. Throws SettingError where they cannot be dealt out, and where a rank of low memory has one.
std::int64_t parts_for(std::int64_t asked, const Ranks& ranks, Memory memory);

}  // namespace nelbo
