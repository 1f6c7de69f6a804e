#pragma once
#include <vector>

#include "apps/cli/run_flags.hpp"
#include "apps/shards/work.hpp"

namespace nelbo {

/// Shows how alike the codes of several runs are (UDR); a shard encodes the data with its runs alone. Returns the
/// exit code. Throws Error for runs of other numbers of points, and as run_codes does.
int compare_runs(const std::vector<RunFlags>& runs, const ShardFlags& shards);

}  // namespace nelbo
