#pragma once
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "lab/training/metrics.hpp"

namespace nelbo {

/// {"elbo", "nell", "div", "bound"}.
inline nlohmann::ordered_json to_json(const Metrics& m) {
  return {{"elbo", m.elbo()}, {"nell", m.nell}, {"div", m.div}, {"bound", m.bound}};
}

/// The same with the named quantities of the objective under "terms".
inline nlohmann::ordered_json to_json(const Metrics& m, const std::vector<std::string>& names) {
  nlohmann::ordered_json all = to_json(m);
  for (std::size_t i = 0; i < names.size(); ++i) all["terms"][names[i]] = m.terms[i];
  return all;
}

}  // namespace nelbo
