#include "apps/reports/report.hpp"

#include <algorithm>

#include "apps/reports/html_page.hpp"
#include "apps/reports/markup.hpp"
#include "apps/reports/tables.hpp"

namespace nelbo::gradvar {
namespace {

std::string section(const std::string& title, const Table& table) {
  return table.rows.empty() ? "" : "<h2>" + escaped(title) + "</h2>\n" + html_table(table);
}

/// The figures of a bound: those of a group beside each other, those of layers folded.
std::string figures_of_bound(const std::string& bound, const std::vector<Figure>& figures) {
  std::string out;
  for (auto figure = figures.begin(); figure != figures.end();) {
    const auto end = std::find_if(figure, figures.end(), [&](const Figure& other) {
      return other.bound != figure->bound || other.group != figure->group;
    });
    if (figure->bound == bound) {
      const bool layer = figure->group.find('.') != std::string::npos;
      std::string group = "<div class=\"figures\">\n";
      for (auto one = figure; one != end; ++one) group += one->svg;
      group += "</div>\n";
      out += layer ? "<details><summary>figures of " + escaped(figure->group) + "</summary>\n" +
                         group + "</details>\n"
                   : group;
    }
    figure = end;
  }
  return out;
}

}  // namespace

std::string html_report(const Study& study, const std::vector<Figure>& figures) {
  std::string out = "<h1>Gradient variance</h1>\n<p>" + escaped(description(study)) + "</p>\n";
  for (const std::string& bound : bounds_of(study)) {
    const Table table = row_table(study, bound, Detail::page);
    if (table.rows.empty()) continue;
    const std::string what = study.objective.empty() ? "Bound " : "Objective ";
    out += section(what + bound, table) + figures_of_bound(bound, figures);
  }
  out += section("Slopes of log SNR", slope_table(study));
  out += section("Measured / theory", theory_table(study));
  out += section("Not defined", undefined_table(study));
  out += "<h2>How to read it</h2>\n<ul class=\"notes\">\n";
  for (const std::string& note : footnotes(study)) {
    out += "<li>" + with_plus_minus(escaped(note)) + "</li>\n";
  }
  out += "<li>Bars in figures: 95 % intervals. A signal that the noise hides has no point.</li>\n";
  return html_page("Gradient variance", out + "</ul>\n");
}

}  // namespace nelbo::gradvar
