#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "apps/reports/group_styles.hpp"
#include "apps/reports/html_page.hpp"
#include "apps/reports/markup.hpp"
#include "apps/reports/mean_text.hpp"
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

/// Whether the runs' numbers are of the same examples, as a model sees them.
bool same_examples(const std::vector<Difference>& differs) {
  return std::none_of(differs.begin(), differs.end(), [](const Difference& one) {
    for (const char* setting : {"data", "label", "crop", "resize", "channels", "invert", "scale",
                                "binarize", "likelihood"}) {
      if (one.setting == setting) return true;
    }
    return false;
  });
}

/// The conclusion: which runs have the highest elbo, on average over their seeds. Nothing where fewer
/// than two groups have one, or it is not of the same examples.
std::string conclusion(const std::vector<RunHistory>& runs, const std::vector<SeedGroup>& groups) {
  const SeedGroup* best = nullptr;
  double highest = -std::numeric_limits<double>::infinity();
  std::size_t compared = 0;
  for (const SeedGroup& group : groups) {
    double sum = 0;
    for (const std::size_t run : group.runs) sum += runs[run].result("test", "elbo");
    const double mean = sum / double(group.runs.size());
    if (!std::isfinite(mean)) continue;
    ++compared;
    if (mean <= highest) continue;
    highest = mean;
    best = &group;
  }
  if (compared < 2) return "";
  const std::string seeds =
      best->runs.size() == 1 ? "" : fmt::format(", the mean of {} seeds", best->runs.size());
  return "<p>Highest test elbo: <b>" + minus_sign(fixed_text(highest, 2)) +
         "</b> nats per datum, of <b>" + escaped(best->label) + "</b>" + seeds + ".</p>\n";
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
  const bool same = same_examples(differs);
  const bool comparable = same && std::none_of(differs.begin(), differs.end(), [](const auto& one) {
                            return one.setting == "objective";
                          });
  const std::size_t objective = column("test objective"), elbo = column("elbo");
  const std::size_t best_objective = comparable ? best_row(runs, "objective") : runs.size();
  const std::size_t best_elbo = same ? best_row(runs, "elbo") : runs.size();
  TableLook look{.tinted = differs.size(), .cards = true};
  look.strong = [=](std::size_t row, std::size_t at) {
    return (at == elbo && row == best_elbo) || (at == objective && row == best_objective);
  };
  return html_table(table, look) +
         "<p class=\"soft small\">Marked: what differs. Nats per datum of the test examples, the "
         "objective as a gain" +
         (same ? "; bold: the highest elbo" : "") + (comparable ? " and objective" : "") +
         ".</p>\n" + quantities_line();
}

std::string seed_rows(const std::vector<RunHistory>& runs, const std::vector<SeedGroup>& groups) {
  const Table table = typeset(seed_table(runs, groups));
  if (table.rows.empty()) return "";
  return "<h2>Means over seeds</h2>\n" + html_table(table, {.cards = true}) +
         "<p class=\"soft small\">Mean and standard deviation of the runs.</p>\n";
}

constexpr std::size_t most_open = 4;  // commands that stand on the page without a click

std::string commands(const std::vector<RunHistory>& runs) {
  std::string all;
  for (const RunHistory& run : runs)
    all += "<h3>" + escaped(run.name) + "</h3>\n" + command_block(run);
  if (runs.size() > most_open) {
    all = fmt::format("<details><summary>all {}</summary>\n", runs.size()) + all + "</details>\n";
  }
  return "<h2>The commands that make them again</h2>\n" + all;
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
  if (same_examples(differs)) out += conclusion(runs, groups);
  out += run_rows(runs, differs) + seed_rows(runs, groups);
  const GroupStyles look = group_styles(groups, differs);
  out += figure_section("Curves", figures_of(runs, groups, look.styles), look.key);
  std::vector<std::pair<std::string, const RunHistory*>> captioned;  // one of every group
  for (const SeedGroup& group : groups) {
    captioned.emplace_back(group.label, &runs[group.runs.front()]);
  }
  out += pictures_beside(captioned, "samples") + pictures_beside(captioned, "traversals");
  out += "<h2>What they have in common</h2>\n" + settings_list(common_settings(runs));
  return html_page(title, out + commands(runs));
}

}  // namespace nelbo
