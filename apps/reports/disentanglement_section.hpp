#pragma once
#include <string>

#include "apps/reports/run_history.hpp"

namespace nelbo {

/// What `nelbo disentangle RUN` left in the run folder: the matrices as heat maps and the metrics as a
/// table; nothing of a run where it was not asked.
std::string disentanglement_section(const RunHistory& run);

}  // namespace nelbo
