#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "apps/cli/run_flags.hpp"
#include "apps/shards/work.hpp"
#include "lab/studies/study_cells.hpp"
#include "lab/studies/subject.hpp"

namespace nelbo::gradvar {

/// The flags of `nelbo gradvar`.
struct Options {
  RunFlags run;
  std::string world;
  std::optional<std::string> bounds, objective, estimators, reference;
  std::vector<std::int64_t> m, k;  // empty: not given
  std::int64_t replicates = 10'000;
  std::optional<std::int64_t> batch;
  bool resample = false;
  std::string out;
  ShardFlags shards;
};

/// A subject and what is studied of it.
struct Wanted {
  Subject subject;
  StudyPlan plan;
};

/// What the flags ask for: of a run its own objective, of a world elbo and iw, unless bounds or an
/// objective are named; and the estimators that the codes allow where none are. Throws SettingError,
/// and ExpressionError for an objective.
Wanted wanted(const Options& options);

}  // namespace nelbo::gradvar
