#pragma once
#include <string>
#include <utility>
#include <vector>

#include "apps/reports/run_history.hpp"

namespace nelbo {

// Parts of the pages about runs, as markup.

/// A heading, a sentence on how to read them and plots in as many columns as there is room for; nothing
/// without plots.
std::string figure_section(const std::string& title, const std::vector<std::string>& svgs,
                           const std::string& key = "");

/// What elbo, nell and div are, for a reader who has not met them.
std::string quantities_line();

/// The pictures of a run, in the page itself; nothing where there are none.
std::string pictures_section(const RunHistory& run);

/// One picture of every run that has it, under its caption; nothing where fewer than two have.
std::string pictures_beside(const std::vector<std::pair<std::string, const RunHistory*>>& captioned,
                            const std::string& picture);

std::string settings_list(const std::vector<std::pair<std::string, std::string>>& settings);

/// Version, instruction set, threads, start and end of a run.
std::string machine_line(const RunHistory& run);

/// The commands that made a run, or, where it does not tell them, one from its settings.
std::string command_block(const RunHistory& run);

/// A number as text with a true minus sign.
std::string minus_sign(std::string number);

/// "7.4 s", "12:34", "3:04:05".
std::string time_text(double seconds);

}  // namespace nelbo
