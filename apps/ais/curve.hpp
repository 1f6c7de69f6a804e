#pragma once
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "apps/ais/annealed_run.hpp"

namespace nelbo {

/// H_data of the run's examples, nats, where it is known.
std::optional<double> entropy_of(const AnnealedRun& run);

nlohmann::ordered_json curve_json(const AnnealedRun& run, const AisOptions& options);
void print_curve(const AnnealedRun& run, const AisOptions& options);

}  // namespace nelbo
