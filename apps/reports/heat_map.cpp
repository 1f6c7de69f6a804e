#include "apps/reports/heat_map.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "apps/reports/markup.hpp"
#include "apps/reports/plot_style.hpp"

namespace nelbo {
namespace {

constexpr double least_width = 62, cell_height = 24, top = 52, gap = 10;
constexpr double letter = 7.2;                                // width of one, at most
constexpr std::size_t row_letters = 24, column_letters = 14;  // of the names, at most
constexpr double dark = 0.6;                                  // from here on numbers are white

/// Width of the longest name, which is cut to `letters`.
double longest(const std::vector<std::string>& names, std::size_t letters) {
  std::size_t most = 0;
  for (const std::string& name : names) most = std::max(most, name.size());
  return letter * double(std::min(most, letters));
}

std::string shortened(const std::string& name, std::size_t letters) {
  return name.size() <= letters ? name : name.substr(0, letters - 1) + "~";
}

std::string cell(double x, double y, double cell_width, double value) {
  const double share = std::isfinite(value) ? std::clamp(value, 0.0, 1.0) : 0;
  const std::string text = std::isfinite(value) ? fmt::format("{:.2f}", value) : "-";
  return fmt::format(
      "<rect class=\"n0\" fill-opacity=\"{:.3f}\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{}\" "
      "height=\"{}\"/>\n<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"middle\"{}>{}</text>\n",
      share, x, y, cell_width - 2, cell_height - 2, x + cell_width / 2 - 1,
      y + cell_height / 2 + 3.5, share > dark ? " style=\"fill:#fff\"" : "", text);
}

}  // namespace

std::string svg_of(const HeatMap& map) {
  const double left = longest(map.rows, row_letters) + gap;
  const double cell_width = std::max(least_width, longest(map.columns, column_letters) + gap / 2);
  const double title = letter * 1.2 * double(map.title.size());
  const double width = std::max(left + cell_width * double(map.columns.size()), title) + gap;
  const double height = top + cell_height * double(map.rows.size()) + gap;
  std::string out = fmt::format(
      "<svg class=\"gv\" xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0:.0f} {1:.0f}\" "
      "width=\"{0:.0f}\" height=\"{1:.0f}\" role=\"img\">\n<title>{2}</title>\n{3}"
      "<text class=\"t\" x=\"0\" y=\"16\">{2}</text>\n",
      width, height, escaped(map.title), plot_style::sheet());
  for (std::size_t k = 0; k < map.columns.size(); ++k) {
    out += fmt::format("<text x=\"{:.1f}\" y=\"{}\" text-anchor=\"middle\">{}</text>\n",
                       left + cell_width * (double(k) + 0.5), top - 8,
                       escaped(shortened(map.columns[k], column_letters)));
  }
  for (std::size_t d = 0; d < map.rows.size(); ++d) {
    const double y = top + cell_height * double(d);
    out += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"end\">{}</text>\n",
                       left - gap / 2, y + cell_height / 2 + 3.5,
                       escaped(shortened(map.rows[d], row_letters)));
    for (std::size_t k = 0; k < map.columns.size(); ++k) {
      out += cell(left + cell_width * double(k), y, cell_width, map.values[d][k]);
    }
  }
  return out + "</svg>\n";
}

}  // namespace nelbo
