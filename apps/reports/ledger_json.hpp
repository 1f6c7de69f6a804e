#pragma once
#include <nlohmann/json_fwd.hpp>

#include "lab/evaluation/ledger.hpp"

namespace nelbo {

/// {"count", "scheme", "draws", "batch", "terms": {NAME: {"value", "se", "bias", "equation"}},
/// "identities": {"div(mc) - (mi + aggdiv)": residual, ...}, "mi_interval": [low, high] or null where noise
/// has crossed its ends, "mi_interval_contains", "mi_low" and "mi_high": {"of", "value", "se", "tolerance"},
/// "schemes", "units"}.
nlohmann::ordered_json to_json(const Ledger& ledger);

}  // namespace nelbo
