#include "apps/reports/svg_plot.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "apps/reports/markup.hpp"
#include "apps/reports/name_places.hpp"
#include "apps/reports/plot_style.hpp"

namespace nelbo {
namespace {

constexpr double left = 66, top = 34, bottom = 48;
constexpr double legend_gap = 18, legend_line = 18, legend_mark = 26, character = 6.9;
constexpr double line_height = 15;  // of names at the ends of lines

/// Columns of a name, which is UTF-8.
double width_of(const std::string& name) {
  return character * double(std::count_if(name.begin(), name.end(), [](char c) {
           return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
         }));
}

}  // namespace

SvgPlot::SvgPlot(std::string title, std::string x_label, std::string y_label, PlotLook look)
    : title_(std::move(title)),
      x_label_(std::move(x_label)),
      y_label_(std::move(y_label)),
      look_(look) {}

void SvgPlot::add_series(const std::string& name, std::vector<Point> points, Style style) {
  const PlotAxis x(look_.x), y(look_.y);
  std::erase_if(points,
                [&](const Point& point) { return !x.drawable(point.x) || !y.drawable(point.y); });
  if (!points.empty()) series_.push_back({name, std::move(points), style});
}

void SvgPlot::add_level(const std::string& name, double y) {
  if (PlotAxis(look_.y).drawable(y)) levels_.push_back({name, y});
}

void SvgPlot::add_power(Point through, double slope, double x_low, double x_high, Style style) {
  const auto at = [&](double x) { return Point{x, through.y * std::pow(x / through.x, slope)}; };
  const Point from = at(x_low), to = at(x_high);
  const PlotAxis x(look_.x), y(look_.y);
  const auto drawable = [&](const Point& p) { return x.drawable(p.x) && y.drawable(p.y); };
  if (drawable(from) && drawable(to)) powers_.push_back({from, to, style});
}

void SvgPlot::add_guide(const std::string& name, Point from, Point to) {
  guides_.push_back({name, from, to});
}

bool SvgPlot::empty() const { return series_.empty(); }

/// The picture as it is drawn: the axes' ranges, from values to places, and the text so far.
class SvgPlot::Canvas {
 public:
  explicit Canvas(const SvgPlot& plot);
  std::string svg();

 private:
  double x(double value) const { return left + look_.width * x_.share(value); }
  double y(double value) const { return top + look_.height * (1 - y_.share(value)); }
  /// Where a line goes through, which is cut off at the frame.
  double y_beyond(double value) const {
    return top + look_.height * (1 - std::clamp(y_.share_beyond(value), -9.0, 9.0));
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
  double longest_name() const;
  void draw_head();
  void draw_axes();
  struct Segment {
    double x0, y0, x1, y1;
  };
  std::optional<Segment> inside(const Guide& guide) const;
  void draw_guide(const Guide& guide);
  void draw_guide_names(std::vector<Box>& taken);
  void draw_line(const Series& series);
  void draw_marks(const Series& series);
  void draw_legend();
  void draw_names_at_ends();
  void draw_names_at_marks();
  void draw_names();

  const SvgPlot& plot_;
  const PlotLook& look_ = plot_.look_;
  const double right_ = left + look_.width, base_ = top + look_.height;
  PlotAxis x_{look_.x}, y_{look_.y};
  std::string out_;
};

SvgPlot::Canvas::Canvas(const SvgPlot& plot) : plot_(plot) {
  for (const Series& series : plot.series_) {
    for (const Point& point : series.points) {
      x_.include(point.x);
      if (point.x < plot.fit_from_) continue;
      y_.include(point.y);
      if (std::isnan(point.error)) continue;
      y_.include(point.y + point.error);
      const double low = point.y - point.error;
      y_.include(look_.y == Scale::log ? std::max(low, point.y / 4) : low);
    }
  }
  for (const Level& level : plot.levels_) y_.include(level.y);
  for (const Power& power : plot.powers_) {
    y_.include(power.from.y);
    y_.include(power.to.y);
  }
  x_.widen(look_.margin);
  y_.widen();
}

double SvgPlot::Canvas::longest_name() const {
  double longest = 0;
  for (const Series& series : plot_.series_) longest = std::max(longest, width_of(series.name));
  for (const Level& level : plot_.levels_) longest = std::max(longest, width_of(level.name));
  return longest;
}

/// As large as the names beside the plot want it.
void SvgPlot::Canvas::draw_head() {
  double width = right_ + 16, height = base_ + bottom;
  if (look_.names == Names::legend) {
    const std::size_t entries =
        plot_.series_.size() + plot_.levels_.size() + (plot_.powers_.empty() ? 0 : 1);
    width = right_ + legend_gap + legend_mark + 16 + std::max(12 * character, longest_name());
    height = std::max(height, top + legend_line * double(entries) + 12);
  } else if (look_.names == Names::at_ends) {
    width = right_ + 20 + longest_name();
  }
  out_ += fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"gv\" width=\"{0:.0f}\" height=\"{1:.0f}\" "
      "viewBox=\"0 0 {0:.0f} {1:.0f}\" role=\"img\">\n<title>{2}</title>\n",
      width, height, escaped(plot_.title_));
  out_ += plot_style::sheet();
  text(left, top - 14, "start", escaped(plot_.title_), " class=\"t\"");
}

void SvgPlot::Canvas::draw_axes() {
  const std::vector<double> x_ticks = plot_.x_ticks_.empty() ? x_.ticks() : plot_.x_ticks_;
  const std::vector<std::string> x_texts = x_.tick_texts(x_ticks);
  for (std::size_t i = 0; i < x_ticks.size(); ++i) {
    line("grid", x(x_ticks[i]), top, x(x_ticks[i]), base_);
    text(x(x_ticks[i]), base_ + 16, "middle", x_texts[i]);
  }
  const std::vector<double> y_ticks = y_.ticks();
  const std::vector<std::string> y_texts = y_.tick_texts(y_ticks);
  for (std::size_t i = 0; i < y_ticks.size(); ++i) {
    line("grid", left, y(y_ticks[i]), right_, y(y_ticks[i]));
    text(left - 7, y(y_ticks[i]) + 4, "end", y_texts[i]);
  }
  line("axis", left, top, left, base_);
  line("axis", left, base_, right_, base_);
  text(left + look_.width / 2, base_ + 36, "middle", escaped(plot_.x_label_));
  text(0, 0, "middle", escaped(plot_.y_label_),
       fmt::format(" transform=\"translate(14 {:.2f}) rotate(-90)\"", top + look_.height / 2));
}

/// Its part inside the plot (Liang & Barsky 1984); nothing where it passes by.
std::optional<SvgPlot::Canvas::Segment> SvgPlot::Canvas::inside(const Guide& guide) const {
  const double x0 = x_.share_beyond(guide.from.x), y0 = y_.share_beyond(guide.from.y);
  const double dx = x_.share_beyond(guide.to.x) - x0, dy = y_.share_beyond(guide.to.y) - y0;
  double enter = 0, leave = 1;
  const auto cut = [&](double step, double room) {  // step * t <= room
    if (step < 0) enter = std::max(enter, room / step);
    if (step > 0) leave = std::min(leave, room / step);
    if (step == 0 && room < 0) leave = -1;
  };
  cut(-dx, x0);
  cut(dx, 1 - x0);
  cut(-dy, y0);
  cut(dy, 1 - y0);
  if (!(enter < leave)) return std::nullopt;
  const auto x = [&](double t) { return left + look_.width * (x0 + t * dx); };
  const auto y = [&](double t) { return top + look_.height * (1 - y0 - t * dy); };
  return Segment{x(enter), y(enter), x(leave), y(leave)};
}

void SvgPlot::Canvas::draw_guide(const Guide& guide) {
  if (const auto at = inside(guide)) line("guide", at->x0, at->y0, at->x1, at->y1);
}

/// Upon the lines, where there is nothing else.
void SvgPlot::Canvas::draw_guide_names(std::vector<Box>& taken) {
  const Box frame{left, top, right_, base_};
  for (const Guide& guide : plot_.guides_) {
    const auto at = inside(guide);
    if (!at) continue;
    const double width = width_of(guide.name), half = line_height / 2 - 1;
    for (const double t : {0.88, 0.75, 0.6, 0.45, 0.3, 0.15}) {
      const double x = at->x0 + t * (at->x1 - at->x0), y = at->y0 + t * (at->y1 - at->y0);
      const Box box{x - width / 2, y - half, x + width / 2, y + half};
      const bool free = std::none_of(taken.begin(), taken.end(),
                                     [&](const Box& other) { return box.overlaps(other); });
      if (!free || !frame.contains(box)) continue;
      taken.push_back(box);
      text(x, y + 3, "middle", escaped(guide.name), " class=\"guide-name\"");
      break;
    }
  }
}

void SvgPlot::Canvas::draw_line(const Series& series) {
  const std::size_t color = series.style.color % plot_style::colors;
  std::string path;
  for (const Point& point : series.points) {
    path += fmt::format("{}{:.2f} {:.2f}", path.empty() ? "M" : "L", x(point.x), y_beyond(point.y));
  }
  out_ += fmt::format("<path class=\"line c{}{}\" d=\"{}\"/>\n", color,
                      plot_style::stroke_class(series.style.stroke), path);
  for (const Point& point : series.points) {
    if (std::isnan(point.error)) continue;
    const std::string bar = fmt::format("bar c{}", color);
    const double at = x(point.x), high = y(point.y + point.error);
    const double low = y(point.y - point.error);
    line(bar, at, high, at, low);
    line(bar, at - 3, high, at + 3, high);
    line(bar, at - 3, low, at + 3, low);
  }
}

/// Over the lines; of lines that are named at their ends there alone.
void SvgPlot::Canvas::draw_marks(const Series& series) {
  const std::size_t first = look_.names == Names::at_ends ? series.points.size() - 1 : 0;
  for (std::size_t i = first; i < series.points.size(); ++i) {
    const Point& point = series.points[i];
    out_ += plot_style::mark(series.style.mark, x(point.x), y(point.y), series.style.color);
  }
}

void SvgPlot::Canvas::draw_legend() {
  double at = top + 8;
  const double from = right_ + legend_gap, to = from + legend_mark;
  const auto entry = [&](const std::string& css, const std::string& name) {
    line(css, from, at, to, at);
    text(to + 8, at + 4, "start", escaped(name));
  };
  for (const Series& series : plot_.series_) {
    entry(fmt::format("line c{}", series.style.color % plot_style::colors), series.name);
    out_ += plot_style::mark(series.style.mark, (from + to) / 2, at, series.style.color);
    at += legend_line;
  }
  for (const Level& level : plot_.levels_) {
    entry("floor", level.name);
    at += legend_line;
  }
  if (!plot_.powers_.empty()) entry("theory any", "theory slope");
}

void SvgPlot::Canvas::draw_names_at_ends() {
  struct Name {
    const std::string& text;
    std::string css;
  };
  std::vector<Name> names;
  std::vector<double> wanted;
  for (const Series& series : plot_.series_) {
    if (series.name.empty()) continue;
    names.push_back({series.name, plot_style::name_class(series.style.color)});
    wanted.push_back(y(series.points.back().y));
  }
  for (const Level& level : plot_.levels_) {
    names.push_back({level.name, ""});
    wanted.push_back(y(level.y));
  }
  const std::vector<double> places = spread_out(wanted, line_height, top + 4, base_ - 4);
  for (std::size_t i = 0; i < names.size(); ++i) {
    text(right_ + 12, places[i] + 4, "start", escaped(names[i].text), names[i].css);
  }
  std::vector<Box> none;
  draw_guide_names(none);
}

void SvgPlot::Canvas::draw_names_at_marks() {
  const Box frame{left, top, right_, base_};
  std::vector<Box> taken;
  for (const Series& series : plot_.series_) {
    for (const Point& point : series.points) {
      taken.push_back({x(point.x) - 5, y(point.y) - 5, x(point.x) + 5, y(point.y) + 5});
    }
  }
  for (const Series& series : plot_.series_) {
    if (series.name.empty()) continue;
    const Point& point = series.points.front();
    const auto box =
        free_place(x(point.x), y(point.y), width_of(series.name), line_height - 1, frame, taken);
    if (!box) continue;
    taken.push_back(*box);
    text(box->left, box->bottom - 3, "start", escaped(series.name),
         plot_style::name_class(series.style.color));
  }
  draw_guide_names(taken);
}

void SvgPlot::Canvas::draw_names() {
  switch (look_.names) {
    case Names::legend:
      return draw_legend();
    case Names::at_ends:
      return draw_names_at_ends();
    case Names::at_marks:
      return draw_names_at_marks();
  }
}

std::string SvgPlot::Canvas::svg() {
  draw_head();
  draw_axes();
  for (const Guide& guide : plot_.guides_) draw_guide(guide);
  for (const Level& level : plot_.levels_) line("floor", left, y(level.y), right_, y(level.y));
  for (const Power& power : plot_.powers_) {
    line(fmt::format("theory c{}", power.style.color % plot_style::colors), x(power.from.x),
         y(power.from.y), x(power.to.x), y(power.to.y));
  }
  const bool cut = std::isfinite(plot_.fit_from_);  // lines that come in from beyond the plot
  if (cut) {
    out_ += fmt::format(
        "<svg x=\"{0}\" y=\"{1}\" width=\"{2}\" height=\"{3}\" "
        "viewBox=\"{0} {1} {2} {3}\">\n",
        left, top, look_.width, look_.height);
  }
  for (const Series& series : plot_.series_) draw_line(series);
  if (cut) out_ += "</svg>\n";
  for (const Series& series : plot_.series_) draw_marks(series);
  draw_names();
  return out_ + "</svg>\n";
}

std::string SvgPlot::svg() const { return Canvas(*this).svg(); }

}  // namespace nelbo
