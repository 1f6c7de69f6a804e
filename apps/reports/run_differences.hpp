#pragma once
#include <cstddef>
#include <string>
#include <vector>

#include "apps/reports/run_history.hpp"

namespace nelbo {

/// A setting that several runs do not have in common.
struct Difference {
  std::string setting;
  std::vector<std::string>
      values;  // of every run, "" where it has none; long ones cut to what differs
};

/// What differs between runs, in the order of their settings; not how far they go, and not what only
/// follows from their data.
std::vector<Difference> differences(const std::vector<RunHistory>& runs);

/// Names and values of the settings that all have in common.
std::vector<std::pair<std::string, std::string>> common_settings(
    const std::vector<RunHistory>& runs);

/// Parts of expressions that differ: of "nell + 1*div" and "nell + 4*div" they are "1*div" and
/// "4*div", of "beta_tcvae(beta=1)" and "beta_tcvae(beta=6)" "beta=1" and "beta=6". Texts that are
/// not built alike stay whole.
std::vector<std::string> differing_parts(const std::vector<std::string>& texts);

/// Runs that differ by their seeds alone.
struct SeedGroup {
  std::string label;  // what tells it from the others, short: "4*div, lr 0.001"
  std::vector<std::size_t> runs;
};

/// In the order of their first runs. Where labels would be the same, or nothing differs, runs' names
/// stand for them.
std::vector<SeedGroup> by_seed(const std::vector<RunHistory>& runs,
                               const std::vector<Difference>& differences);

}  // namespace nelbo
