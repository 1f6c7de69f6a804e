#pragma once
#include <string>
#include <vector>

#include "apps/reports/run_history.hpp"
#include "lab/training/run_folder.hpp"

namespace nelbo {

/// A run as one HTML page that loads nothing: how it ended, its numbers, curves, latent variables,
/// ledger, pictures, settings, and the commands that made it.
std::string html_report(const RunHistory& run);

/// Several runs as one page: what differs between them, their numbers, means over seeds, rate against
/// distortion, curves laid over each other, samples, what they have in common, and their commands.
/// `title`: what they are. `notes`: what could not be read. Of a single one its own page.
std::string html_report(const std::vector<RunHistory>& runs, const std::string& title,
                        const std::vector<std::string>& notes = {});

/// Writes RUN/report.html of a run as it stands. A note on stderr, and no more, where it cannot be.
void leave_report(const RunFolder& folder);

/// "report: RUN/report.html" and a line break; empty where there is none.
std::string report_line(const RunFolder& folder);

}  // namespace nelbo
