#pragma once
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "apps/ais/annealed_run.hpp"
#include "lab/statistics/mean_and_error.hpp"

namespace nelbo {

/// Of one run less another, example by example.
struct AisDifference {
  std::string run, from;
  MeanAndError value;
};

/// Every later run less the first. Throws SettingError where they are not of the same examples.
std::vector<AisDifference> ais_differences(const std::vector<AnnealedRun>& runs);
/// Throws SettingError where the first `count` examples of two runs differ.
void check_same_examples(const AnnealedRun& a, const AnnealedRun& b);

nlohmann::ordered_json ais_json(const AnnealedRun& run, const AisOptions& options);
void print_ais(const AnnealedRun& run, const AisOptions& options);
void print_difference(const AisDifference& difference);

}  // namespace nelbo
