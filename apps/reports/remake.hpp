#pragma once
#include <string>
#include <vector>

#include "apps/reports/run_history.hpp"

namespace nelbo {

/// The commands that made a run, as a shell reads them, one a line: what started it, and each that
/// resumed it. Nothing where its record tells none.
std::vector<std::string> commands_of(const RunHistory& run);

}  // namespace nelbo
