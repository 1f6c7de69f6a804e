#pragma once
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "apps/reports/run_differences.hpp"
#include "apps/reports/run_history.hpp"
#include "apps/reports/table.hpp"

namespace nelbo {

/// Sorts runs by a setting, run, status or epochs, upward; or by a number of their tests: objective
/// and elbo from the highest, nell, div and seconds from the lowest. Runs without it come last.
/// Throws SettingError of `sort` for another word.
void sort_runs(std::vector<RunHistory>& runs, const std::string& key);

/// A row per run: what differs between them first, then its name, status, epochs, and of its test
/// examples objective, elbo, nell and div in nats per datum; seconds. "-" is not known.
Table run_table(const std::vector<RunHistory>& runs, const std::vector<Difference>& differences);

/// Means over the seeds of every group, with standard deviations and how many there are; without
/// rows where no group has two runs.
Table seed_table(const std::vector<RunHistory>& runs, const std::vector<SeedGroup>& groups);

/// [{"run", "status", "differs": {...}, "epochs", "test": {...}, "seconds", "settings": {...}}, ...]
nlohmann::ordered_json runs_json(const std::vector<RunHistory>& runs,
                                 const std::vector<Difference>& differences);

/// The same table as CSV, RFC 4180, with all digits; what is not known is an empty field.
std::string runs_csv(const std::vector<RunHistory>& runs,
                     const std::vector<Difference>& differences);

}  // namespace nelbo
