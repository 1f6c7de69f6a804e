#pragma once
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "apps/reports/run_history.hpp"

namespace nelbo {

/// Keeps what `nelbo disentangle RUN` found in the run folder, for its report, and makes that anew. What
/// cannot be written is told on stderr.
void keep_disentanglement(const std::string& run, const nlohmann::ordered_json& found);

/// The matrices as heat maps and the metrics as a table; nothing of a run where none were kept.
std::string disentanglement_section(const RunHistory& run);

}  // namespace nelbo
