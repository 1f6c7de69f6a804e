#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "apps/reports/html_page.hpp"
#include "apps/reports/markup.hpp"
#include "apps/reports/report_parts.hpp"
#include "apps/reports/run_differences.hpp"
#include "apps/reports/run_figures.hpp"
#include "apps/reports/run_report.hpp"
#include "apps/reports/run_table.hpp"

namespace nelbo {
namespace {

/// The row with the highest number of a gain that compares: nothing where objectives differ.
std::size_t best_row(const std::vector<RunHistory>& runs, const char* quantity) {
  std::size_t best = runs.size();
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const double value = runs[i].result("test", quantity);
    if (!std::isfinite(value)) continue;
    if (best == runs.size() || value > runs[best].result("test", quantity)) best = i;
  }
  return best;
}

/// Numbers with true minus signs.
Table typeset(Table table) {
  for (auto& row : table.rows) {
    for (std::size_t c = table.names; c < row.size(); ++c) row[c] = minus_sign(row[c]);
  }
  return table;
}

std::string run_rows(const std::vector<RunHistory>& runs, const std::vector<Difference>& differs) {
  const Table table = typeset(run_table(runs, differs));
  const auto column = [&](const char* name) {
    return std::size_t(
        std::find(table.header.begin() + std::ptrdiff_t(table.names), table.header.end(), name) -
        table.header.begin());
  };
  const bool comparable = std::none_of(differs.begin(), differs.end(), [](const Difference& one) {
    return one.setting == "objective" || one.setting == "data";
  });
  const std::size_t objective = column("test objective"), elbo = column("elbo");
  const std::size_t best_objective = comparable ? best_row(runs, "objective") : runs.size();
  const std::size_t best_elbo = best_row(runs, "elbo");
  TableLook look{.tinted = differs.size(), .cards = true};
  look.strong = [=](std::size_t row, std::size_t at) {
    return (at == elbo && row == best_elbo) || (at == objective && row == best_objective);
  };
  return html_table(table, look) +
         "<p class=\"soft small\">Marked: what differs. Nats per datum of the test examples, the "
         "objective as a gain; bold: the highest elbo" +
         (comparable ? " and objective.</p>\n" : ".</p>\n");
}

std::string seed_rows(const std::vector<RunHistory>& runs, const std::vector<SeedGroup>& groups) {
  const Table table = typeset(seed_table(runs, groups));
  if (table.rows.empty()) return "";
  return "<h2>Means over seeds</h2>\n" + html_table(table, {.cards = true}) +
         "<p class=\"soft small\">Mean and standard deviation of the runs.</p>\n";
}

std::string commands(const std::vector<RunHistory>& runs) {
  std::string out = "<h2>The commands that make them again</h2>\n";
  for (const RunHistory& run : runs)
    out += "<h3>" + escaped(run.name) + "</h3>\n" + command_block(run);
  return out;
}

}  // namespace

std::string html_report(const std::vector<RunHistory>& runs, const std::string& title,
                        const std::vector<std::string>& notes) {
  if (runs.size() == 1) return html_report(runs.front());
  const std::vector<Difference> differs = differences(runs);
  const std::vector<SeedGroup> groups = by_seed(runs, differs);
  std::string what;
  for (const Difference& one : differs) what += (what.empty() ? "" : ", ") + one.setting;
  std::string out = "<h1>" + escaped(title) + "</h1>\n<p class=\"soft\">" +
                    escaped(fmt::format("{} runs that differ in {}", runs.size(),
                                        what.empty() ? "nothing" : what)) +
                    "</p>\n";
  for (const std::string& note : notes) out += "<p class=\"soft\">" + escaped(note) + "</p>\n";
  out += run_rows(runs, differs) + seed_rows(runs, groups);
  out += figure_section("Curves", figures_of(runs, groups));
  std::vector<std::pair<std::string, const RunHistory*>> captioned;  // one of every group
  for (const SeedGroup& group : groups) {
    captioned.emplace_back(group.label, &runs[group.runs.front()]);
  }
  out += pictures_beside(captioned, "samples") + pictures_beside(captioned, "traversals");
  out += "<h2>What they have in common</h2>\n" + settings_list(common_settings(runs));
  return html_page(title, out + commands(runs));
}

}  // namespace nelbo
