#pragma once
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace nelbo {

/// Keeps in a run folder what was found of its codes, and makes its report anew. What cannot be written is
/// told on stderr.
void keep_in_run(const std::string& run, const nlohmann::ordered_json& found);

}  // namespace nelbo
