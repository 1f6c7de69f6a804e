#include "apps/reports/report.hpp"

#include <algorithm>

#include "apps/reports/markup.hpp"
#include "apps/reports/tables.hpp"

namespace nelbo::gradvar {
namespace {

// The policy keeps the page from loading anything, whatever a name in it might hold.
constexpr const char* head = R"(<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Gradient variance</title>
<style>
body{font:14px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:1400px;padding:0 1rem;
color:#24292f;background:#fff}
h1{font-size:1.5rem}h2{font-size:1.2rem;margin-top:2rem;border-bottom:1px solid #d8dee4}
.scroll{overflow-x:auto}table{border-collapse:collapse;font-variant-numeric:tabular-nums}
th,td{padding:.15rem .6rem;text-align:right;white-space:nowrap}th{border-bottom:1px solid #57606a}
tr:nth-child(even) td{background:#f6f8fa}.name{text-align:left}
.notes{color:#57606a}.figures{display:flex;flex-wrap:wrap;gap:1rem;margin-top:1rem}
.figures svg{max-width:100%;height:auto}summary{cursor:pointer;margin-top:.5rem}
@media (prefers-color-scheme:dark){body{color:#e6edf3;background:#14171a}
h2{border-color:#30363d}th{border-color:#9198a1}tr:nth-child(even) td{background:#1c2126}
.notes{color:#9198a1}}
</style></head>
<body>
)";

std::string with_plus_minus(std::string text) {
  for (std::size_t at = text.find("+-"); at != std::string::npos; at = text.find("+-", at)) {
    text[at] = '\xC2';  // the plus-minus sign in UTF-8, also two bytes
    text[at + 1] = '\xB1';
  }
  return text;
}

std::string html(const Table& table) {
  std::string out = "<div class=\"scroll\"><table>\n";
  const auto line = [&](const std::vector<std::string>& cells, const std::string& element) {
    out += "<tr>";
    for (std::size_t c = 0; c < cells.size(); ++c) {
      out += "<" + element + (c < table.names ? " class=\"name\">" : ">");
      out += with_plus_minus(escaped(cells[c])) + "</" + element + ">";
    }
    out += "</tr>\n";
  };
  out += "<thead>";
  line(table.header, "th");
  out += "</thead><tbody>\n";
  for (const auto& row : table.rows) line(row, "td");
  return out + "</tbody></table></div>\n";
}

std::string section(const std::string& title, const Table& table) {
  return table.rows.empty() ? "" : "<h2>" + escaped(title) + "</h2>\n" + html(table);
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
  std::string out = head;
  out += "<h1>Gradient variance</h1>\n<p>" + escaped(description(study)) + "</p>\n";
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
  return out + "</ul>\n</body></html>\n";
}

}  // namespace nelbo::gradvar
