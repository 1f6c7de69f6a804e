#pragma once
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "lab/studies/training_snr.hpp"
#include "lab/training/metrics.hpp"

namespace nelbo {

/// {"elbo", "nell", "div", "objective", "bound"}: the objective as a gain, a cost with its sign
/// turned, and the same under the name that it had in 0.1.0.
nlohmann::ordered_json to_json(const Metrics& m);

/// The same with the named quantities of the objective under "terms".
nlohmann::ordered_json to_json(const Metrics& m, const std::vector<std::string>& names);

/// {"valid", "test"}, the first where there are validation examples; with the quantities where
/// `names` has them.
nlohmann::ordered_json to_json(const AverageMetrics& average,
                               const std::vector<std::string>& names = {});

/// {"step", "bound", "estimator", "replicates", "floor", "theta": {"snr", "snr_se", "snr_norm",
/// "mean_norm", "variance"}, "phi": ...}: what TrainingSnr measured, as a line of text.
std::string snr_line(std::uint64_t step, const std::vector<gradvar::Row>& rows);

}  // namespace nelbo
