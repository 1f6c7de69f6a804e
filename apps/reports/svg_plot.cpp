#include "apps/reports/svg_plot.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "apps/reports/markup.hpp"

namespace nelbo::gradvar {
namespace {

constexpr double left = 62, top = 34, plot_width = 380, plot_height = 260, bottom = 48;
constexpr double legend_gap = 18, legend_line = 18, legend_mark = 26, character = 6.4;
constexpr std::size_t colors = 7, marks = 6;

/// The colours stand in the document's own style, so that a dark page can have lighter ones.
constexpr const char* style = R"(<style>
.gv text{font:11px system-ui,sans-serif;fill:#24292f;stroke:none}
.gv .t{font-size:13px;font-weight:600}
.gv .axis{stroke:#57606a;fill:none}.gv .grid{stroke:#d8dee4;fill:none}
.gv .floor{stroke:#57606a;stroke-width:1.4;stroke-dasharray:6 4;fill:none}
.gv .line{stroke-width:1.6;fill:none}.gv .theory{stroke-width:1.3;stroke-dasharray:1.5 3;fill:none}
.gv .bar{stroke-width:1.1;fill:none}.gv .theory.any{stroke:#57606a}
.gv .c0{stroke:#0072b2}.gv .c1{stroke:#d55e00}.gv .c2{stroke:#009e73}.gv .c3{stroke:#cc79a7}
.gv .c4{stroke:#b07d00}.gv .c5{stroke:#3a9bd0}.gv .c6{stroke:#24292f}
.gv .mark{stroke-width:1.6;fill:#fff}
@media (prefers-color-scheme:dark){
.gv text{fill:#e6edf3}.gv .axis,.gv .floor,.gv .theory.any{stroke:#9198a1}.gv .grid{stroke:#30363d}
.gv .c0{stroke:#4ea8e6}.gv .c1{stroke:#ff8a3d}.gv .c2{stroke:#2fd0a0}.gv .c3{stroke:#eaa0c8}
.gv .c4{stroke:#e6b422}.gv .c5{stroke:#8fd3ff}.gv .c6{stroke:#e6edf3}.gv .mark{fill:#14171a}}
</style>
)";

bool drawable(double v) { return v > 0 && std::isfinite(v); }
bool drawable(const SvgPlot::Point& point) { return drawable(point.x) && drawable(point.y); }

/// 0.01, 20, or 10 to a power, as SVG text.
std::string tick_text(double value) {
  if (value >= 0.999e-2 && value < 1e5) return fmt::format("{:.6g}", value);
  const double power = std::floor(std::log10(value) + 1e-9);
  const double lead = std::round(value / std::pow(10, power));
  return fmt::format("{}10<tspan dy=\"-4\" font-size=\"8\">{}</tspan>",
                     lead == 1 ? "" : fmt::format("{}\xC2\xB7", lead), power);
}

std::string mark(std::size_t kind, double x, double y, std::size_t color) {
  const std::string attributes = fmt::format("class=\"mark c{}\"", color % colors);
  const auto path = [&](const char* d) {
    return fmt::format("<path {} transform=\"translate({:.2f} {:.2f})\" d=\"{}\"/>\n", attributes,
                       x, y, d);
  };
  switch (kind % marks) {
    case 0:
      return fmt::format("<circle {} cx=\"{:.2f}\" cy=\"{:.2f}\" r=\"3.4\"/>\n", attributes, x, y);
    case 1:
      return path("M-3.2-3.2H3.2V3.2H-3.2Z");
    case 2:
      return path("M0-4.4L4.4 0L0 4.4L-4.4 0Z");
    case 3:
      return path("M0-4L4 3.2H-4Z");
    case 4:
      return path("M0 4L4-3.2H-4Z");
    default:
      return path("M-3.4-3.4L3.4 3.4M-3.4 3.4L3.4-3.4");
  }
}

struct Interval {
  double low = std::numeric_limits<double>::infinity(), high = 0;
  void include(double v) {
    if (!drawable(v)) return;
    low = std::min(low, v);
    high = std::max(high, v);
  }
  /// Wide enough to be an axis: at least a factor of two, and a margin.
  void widen() {
    const double factor =
        std::max(std::sqrt(std::max(1.0, 2 / (high / low))), std::pow(high / low, 0.06));
    low /= factor;
    high *= factor;
  }
};

}  // namespace

std::vector<double> log_ticks(double low, double high) {
  const int first = int(std::floor(std::log10(low))), last = int(std::floor(std::log10(high)));
  const int stride = std::max(1, (last - first + 7) / 8);
  const auto ticks_with = [&](const std::vector<double>& multiples) {
    std::vector<double> ticks;
    for (int power = first; power <= last; ++power) {
      if (power % stride != 0) continue;
      for (const double multiple : multiples) {
        const double tick = multiple * std::pow(10.0, power);
        if (tick >= low * (1 - 1e-9) && tick <= high * (1 + 1e-9)) ticks.push_back(tick);
      }
    }
    return ticks;
  };
  for (const std::vector<double>& multiples :
       {std::vector<double>{1}, std::vector<double>{1, 2, 5}}) {
    std::vector<double> ticks = ticks_with(multiples);
    if (ticks.size() >= 3) return ticks;
  }
  return ticks_with({1, 2, 3, 4, 5, 6, 7, 8, 9});
}

SvgPlot::SvgPlot(std::string title, std::string x_label, std::string y_label)
    : title_(std::move(title)), x_label_(std::move(x_label)), y_label_(std::move(y_label)) {}

void SvgPlot::add_series(const std::string& name, std::vector<Point> points, Style style) {
  std::erase_if(points, [](const Point& point) { return !drawable(point); });
  if (!points.empty()) series_.push_back({name, std::move(points), style});
}

void SvgPlot::add_level(const std::string& name, double y) {
  if (drawable(y)) levels_.push_back({name, y});
}

void SvgPlot::add_power(Point through, double slope, double x_low, double x_high, Style style) {
  const auto at = [&](double x) { return Point{x, through.y * std::pow(x / through.x, slope)}; };
  const Point from = at(x_low), to = at(x_high);
  if (drawable(from) && drawable(to)) powers_.push_back({from, to, style});
}

bool SvgPlot::empty() const { return series_.empty(); }

/// The picture as it is drawn: the axes' ranges, from values to places, and the text so far.
class SvgPlot::Canvas {
 public:
  explicit Canvas(const SvgPlot& plot);
  std::string svg();

 private:
  double x(double value) const { return left + plot_width * share(x_, value); }
  double y(double value) const { return top + plot_height * (1 - share(y_, value)); }
  /// 0 to 1 along the axis; what lies below it, which a bar may, is at its end.
  static double share(const Interval& axis, double value) {
    if (value <= axis.low) return 0;
    return std::min(1.0, std::log(value / axis.low) / std::log(axis.high / axis.low));
  }

  void line(const std::string& css, double x1, double y1, double x2, double y2) {
    out_ += fmt::format(
        "<line class=\"{}\" x1=\"{:.2f}\" y1=\"{:.2f}\" x2=\"{:.2f}\" y2=\"{:.2f}\"/>\n", css, x1,
        y1, x2, y2);
  }
  void text(double x, double y, const char* anchor, const std::string& markup,
            const std::string& more = "") {
    out_ += fmt::format("<text x=\"{:.2f}\" y=\"{:.2f}\" text-anchor=\"{}\"{}>{}</text>\n", x, y,
                        anchor, more, markup);
  }
  void draw_head();
  void draw_axes();
  void draw_series(const Series& series);
  void draw_legend();

  static constexpr double right = left + plot_width, base = top + plot_height;

  const SvgPlot& plot_;
  Interval x_, y_;
  std::string out_;
};

SvgPlot::Canvas::Canvas(const SvgPlot& plot) : plot_(plot) {
  for (const Series& series : plot.series_) {
    for (const Point& point : series.points) {
      x_.include(point.x);
      y_.include(point.y);
      if (std::isnan(point.error)) continue;
      y_.include(point.y + point.error);
      y_.include(std::max(point.y - point.error, point.y / 4));
    }
  }
  for (const Level& level : plot.levels_) y_.include(level.y);
  for (const Power& power : plot.powers_) {
    y_.include(power.from.y);
    y_.include(power.to.y);
  }
  if (plot.series_.empty()) x_ = y_ = {1, 10};
  x_.widen();
  y_.widen();
}

/// As large as the legend wants it.
void SvgPlot::Canvas::draw_head() {
  std::size_t longest = 12;
  for (const Series& series : plot_.series_) longest = std::max(longest, series.name.size());
  for (const Level& level : plot_.levels_) longest = std::max(longest, level.name.size());
  const std::size_t entries =
      plot_.series_.size() + plot_.levels_.size() + (plot_.powers_.empty() ? 0 : 1);
  const double width = right + legend_gap + legend_mark + 8 + character * double(longest) + 8;
  const double height = std::max(base + bottom, top + legend_line * double(entries) + 12);
  out_ += fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"gv\" width=\"{0:.0f}\" height=\"{1:.0f}\" "
      "viewBox=\"0 0 {0:.0f} {1:.0f}\" role=\"img\">\n<title>{2}</title>\n",
      width, height, escaped(plot_.title_));
  out_ += style;
  text(left, top - 14, "start", escaped(plot_.title_), " class=\"t\"");
}

void SvgPlot::Canvas::draw_axes() {
  const std::vector<double> x_ticks =
      plot_.x_ticks_.empty() ? log_ticks(x_.low, x_.high) : plot_.x_ticks_;
  for (const double tick : x_ticks) {
    line("grid", x(tick), top, x(tick), base);
    text(x(tick), base + 16, "middle", tick_text(tick));
  }
  for (const double tick : log_ticks(y_.low, y_.high)) {
    line("grid", left, y(tick), right, y(tick));
    text(left - 7, y(tick) + 4, "end", tick_text(tick));
  }
  line("axis", left, top, left, base);
  line("axis", left, base, right, base);
  text(left + plot_width / 2, base + 36, "middle", escaped(plot_.x_label_));
  text(0, 0, "middle", escaped(plot_.y_label_),
       fmt::format(" transform=\"translate(14 {:.2f}) rotate(-90)\"", top + plot_height / 2));
}

/// A line, bars over it, marks over both.
void SvgPlot::Canvas::draw_series(const Series& series) {
  const std::string color = fmt::format("c{}", series.style.color % colors);
  std::string path;
  for (const Point& point : series.points) {
    path += fmt::format("{}{:.2f} {:.2f}", path.empty() ? "M" : "L", x(point.x), y(point.y));
  }
  out_ += fmt::format("<path class=\"line {}\" d=\"{}\"/>\n", color, path);
  for (const Point& point : series.points) {
    if (std::isnan(point.error)) continue;
    const double at = x(point.x), high = y(point.y + point.error);
    const double low = y(point.y - point.error);
    line("bar " + color, at, high, at, low);
    line("bar " + color, at - 3, high, at + 3, high);
    line("bar " + color, at - 3, low, at + 3, low);
  }
  for (const Point& point : series.points) {
    out_ += mark(series.style.mark, x(point.x), y(point.y), series.style.color);
  }
}

void SvgPlot::Canvas::draw_legend() {
  double at = top + 8;
  const double from = right + legend_gap, to = from + legend_mark;
  const auto entry = [&](const std::string& css, const std::string& name) {
    line(css, from, at, to, at);
    text(to + 8, at + 4, "start", escaped(name));
  };
  for (const Series& series : plot_.series_) {
    entry(fmt::format("line c{}", series.style.color % colors), series.name);
    out_ += mark(series.style.mark, (from + to) / 2, at, series.style.color);
    at += legend_line;
  }
  for (const Level& level : plot_.levels_) {
    entry("floor", level.name);
    at += legend_line;
  }
  if (!plot_.powers_.empty()) entry("theory any", "theory slope");
}

std::string SvgPlot::Canvas::svg() {
  draw_head();
  draw_axes();
  for (const Level& level : plot_.levels_) line("floor", left, y(level.y), right, y(level.y));
  for (const Power& power : plot_.powers_) {
    line(fmt::format("theory c{}", power.style.color % colors), x(power.from.x), y(power.from.y),
         x(power.to.x), y(power.to.y));
  }
  for (const Series& series : plot_.series_) draw_series(series);
  draw_legend();
  return out_ + "</svg>\n";
}

std::string SvgPlot::svg() const { return Canvas(*this).svg(); }

}  // namespace nelbo::gradvar
