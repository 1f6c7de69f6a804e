#pragma once
#include <cstddef>
#include <limits>
#include <string>
#include <vector>

namespace nelbo::gradvar {

/// Positions of tick marks between low and high (0 < low < high) on a logarithmic axis: powers of
/// ten, at most about eight; with 2 and 5 between them, or all whole multiples, where there would
/// be fewer than three.
std::vector<double> log_ticks(double low, double high);

/// A log-log plot as one SVG element that needs no script, font or other file, with colours (Okabe
/// & Ito 2008) and marks that colour-blind readers tell apart, for light and dark pages. Points
/// that have no logarithm are left out.
class SvgPlot {
 public:
  struct Point {
    double x = 0, y = 0;
    double error = std::numeric_limits<double>::quiet_NaN();  // half a bar's length; NaN: no bar
  };
  /// How a series is drawn; any numbers do, colours repeat after seven and marks after six.
  struct Style {
    std::size_t color = 0;
    std::size_t mark = 0;
  };

  SvgPlot(std::string title, std::string x_label, std::string y_label);

  /// Points joined in the order given, and an entry of the legend.
  void add_series(const std::string& name, std::vector<Point> points, Style style);
  /// A dashed line at one y, with an entry of the legend.
  void add_level(const std::string& name, double y);
  /// A dotted line y ~ x^slope from x_low to x_high through a point, in a series' colour.
  void add_power(Point through, double slope, double x_low, double x_high, Style style);
  /// Marks these x and no others.
  void set_x_ticks(std::vector<double> ticks) { x_ticks_ = std::move(ticks); }

  /// Nothing has a logarithm.
  bool empty() const;
  std::string svg() const;

 private:
  struct Series {
    std::string name;
    std::vector<Point> points;
    Style style;
  };
  struct Level {
    std::string name;
    double y;
  };
  struct Power {
    Point from, to;
    Style style;
  };
  class Canvas;

  std::string title_, x_label_, y_label_;
  std::vector<Series> series_;
  std::vector<Level> levels_;
  std::vector<Power> powers_;
  std::vector<double> x_ticks_;
};

}  // namespace nelbo::gradvar
