#pragma once
#include <nlohmann/json_fwd.hpp>

#include "apps/ais/annealed_run.hpp"

namespace nelbo {

/// The decoder's curve as one JSON object.
nlohmann::ordered_json curve_json(const AnnealedRun& run, const AisOptions& options);
/// A table on stdout.
void print_curve(const AnnealedRun& run, const AisOptions& options);

}  // namespace nelbo
