#pragma once
#include <nlohmann/json_fwd.hpp>

#include "lab/evaluation/ledger.hpp"

namespace nelbo {

/// {"count", "scheme", "draws", "batch", "terms": {NAME: {"value", "se", "bias", "equation"}},
/// "identities", "mi_interval", "mi_interval_contains", "schemes", "units"}.
nlohmann::ordered_json to_json(const Ledger& ledger);

}  // namespace nelbo
