#pragma once
#include <nlohmann/json_fwd.hpp>

namespace nelbo {

/// Prints the one object that --json promises on stdout. Numbers that are not finite become null,
/// and bytes of file names that are not UTF-8 a replacement character.
void print_json(const nlohmann::ordered_json& object);

}  // namespace nelbo
