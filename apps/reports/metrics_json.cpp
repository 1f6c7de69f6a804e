#include "apps/reports/metrics_json.hpp"

#include <nlohmann/json.hpp>

namespace nelbo {

nlohmann::ordered_json to_json(const Metrics& m) {
  return {{"elbo", m.elbo()}, {"nell", m.nell}, {"div", m.div}, {"bound", m.bound}};
}

nlohmann::ordered_json to_json(const Metrics& m, const std::vector<std::string>& names) {
  nlohmann::ordered_json all = to_json(m);
  for (std::size_t i = 0; i < names.size(); ++i) all["terms"][names[i]] = m.terms[i];
  return all;
}

}  // namespace nelbo
