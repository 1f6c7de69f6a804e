#include "apps/reports/metrics_json.hpp"

#include <nlohmann/json.hpp>

namespace nelbo {

nlohmann::ordered_json to_json(const Metrics& m) {
  return {{"elbo", m.elbo()},
          {"nell", m.nell},
          {"div", m.div},
          {"objective", m.objective},
          {"bound", m.objective}};  // its name in 0.1.0, for one release
}

nlohmann::ordered_json to_json(const Metrics& m, const std::vector<std::string>& names) {
  nlohmann::ordered_json all = to_json(m);
  for (std::size_t i = 0; i < names.size(); ++i) all["terms"][names[i]] = m.terms[i];
  return all;
}

nlohmann::ordered_json to_json(const AverageMetrics& average,
                               const std::vector<std::string>& names) {
  nlohmann::ordered_json json;
  if (average.validation) json["valid"] = to_json(*average.validation, names);
  json["test"] = to_json(average.held_out, names);
  return json;
}

std::string snr_line(std::uint64_t step, const std::vector<gradvar::Row>& rows) {
  nlohmann::ordered_json line{{"step", step},
                              {"bound", rows.front().bound},
                              {"estimator", rows.front().estimator},
                              {"replicates", gradvar::TrainingSnr::replicates},
                              {"floor", rows.front().snr_floor}};
  for (const gradvar::Row& row : rows) {
    line[row.group] = {{"snr", row.snr.mean},
                       {"snr_se", row.snr.standard_error},
                       {"snr_norm", row.snr_norm.mean},
                       {"mean_norm", row.mean_norm.mean},
                       {"variance", row.variance.mean}};
  }
  return line.dump();
}

}  // namespace nelbo
