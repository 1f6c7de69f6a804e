#pragma once
#include <vector>

#include "apps/ais/annealed_run.hpp"

namespace nelbo {

/// Tells of moves that are refused, or accepted, too often in some tenths of the path; `of` names it.
void warn_of(const annealing::Acceptance& acceptance, const char* of);

/// Throws SettingError where the first `count` examples of two runs differ.
void check_same_examples(const AnnealedRun& a, const AnnealedRun& b);

/// What was read of the runs and, of several, how each differs from the first, example by example:
/// as JSON or as text on stdout.
void show(const std::vector<AnnealedRun>& runs, const AisOptions& options);

}  // namespace nelbo
