#include "apps/reports/heat_map.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "apps/reports/markup.hpp"
#include "apps/reports/plot_style.hpp"

namespace nelbo {
namespace {

constexpr double cell_width = 62, cell_height = 24, top = 52, gap = 10;
constexpr double letter = 7.2;  // width of one, at most
constexpr double dark = 0.6;    // from here on numbers are white

double longest(const std::vector<std::string>& names) {
  std::size_t most = 0;
  for (const std::string& name : names) most = std::max(most, name.size());
  return letter * double(std::min<std::size_t>(most, 24));
}

std::string shortened(const std::string& name, double width) {
  const auto most = std::size_t(width / letter);
  return name.size() <= most ? name : name.substr(0, std::max<std::size_t>(most, 2) - 1) + "~";
}

std::string cell(double x, double y, double value) {
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
  const double left = longest(map.rows) + gap;
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
                       escaped(shortened(map.columns[k], cell_width)));
  }
  for (std::size_t d = 0; d < map.rows.size(); ++d) {
    const double y = top + cell_height * double(d);
    out += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"end\">{}</text>\n",
                       left - gap / 2, y + cell_height / 2 + 3.5,
                       escaped(shortened(map.rows[d], 24 * letter)));
    for (std::size_t k = 0; k < map.columns.size(); ++k) {
      out += cell(left + cell_width * double(k), y, map.values[d][k]);
    }
  }
  return out + "</svg>\n";
}

}  // namespace nelbo
