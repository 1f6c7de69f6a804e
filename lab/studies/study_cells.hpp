#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "lab/studies/replicates.hpp"

namespace nelbo::gradvar {

/// Of one datum, k m.
inline constexpr std::int64_t most_samples = 1'000'000;

/// What is compared with what.
struct StudyPlan {
  std::string bounds = "elbo,iw";               // names and expressions, separated by commas
  std::string estimators = "reparam,stl,dreg";  // likewise
  std::vector<std::int64_t> m{1, 4, 16, 64};    // of bounds that are names alone
  std::vector<std::int64_t> k{1};               // copies of each
  std::string reference = "reparam";
  std::string objective = {};  // an expression: instead of bounds, m and k
};

/// The cells of a plan: for every bound, number of samples and kind of noise, the estimators that
/// are defined there, the reference last; those that are not are rows that say why.
struct StudyCells {
  std::vector<StudyCell> cells;
  std::vector<Row> undefined;
};

/// Throws SettingError for names that there are not, more than most_samples, and an objective that
/// cannot be recorded; ExpressionError for one that is wrong.
StudyCells plan_cells(const StudyPlan& plan, const StudyModel& model);

}  // namespace nelbo::gradvar
