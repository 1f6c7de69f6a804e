#pragma once
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "lab/training/metrics.hpp"

namespace nelbo {

/// {"elbo", "nell", "div", "bound"}.
nlohmann::ordered_json to_json(const Metrics& m);

/// The same with the named quantities of the objective under "terms".
nlohmann::ordered_json to_json(const Metrics& m, const std::vector<std::string>& names);

}  // namespace nelbo
