#pragma once
#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>
#include <vector>

namespace nelbo {

/// A flag that takes whole numbers from 1 to `most`, separated by commas ("1,5,50"), and stores
/// them in ascending order without repetition. At most 64 of them.
CLI::Option* add_number_list(CLI::App& command, const std::string& flag,
                             std::vector<std::int64_t>& values, std::int64_t most,
                             const std::string& help);

}  // namespace nelbo
