#pragma once
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "lab/evaluation/disentanglement/evaluation.hpp"

namespace nelbo {

/// {"n", "factors", "active", "metrics": {NAME: {"value", "se", "ceiling", "floor", "variant"}},
/// "matrices": {NAME: [[...]]}}; what cannot be known is null.
nlohmann::ordered_json to_json(const disentanglement::Evaluation& evaluation);

/// The same as a table for people.
std::string to_text(const disentanglement::Evaluation& evaluation);

}  // namespace nelbo
