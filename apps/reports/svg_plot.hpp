#pragma once
#include <cstddef>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "apps/reports/plot_axis.hpp"

namespace nelbo {

/// Where the names of series stand.
enum class Names {
  legend,   // in a column beside the plot
  at_ends,  // beside the plot, each where its line ends
  at_marks  // in the plot, each beside its first mark
};

/// How a plot is laid out.
struct PlotLook {
  Scale x = Scale::log, y = Scale::log;
  Names names = Names::legend;
  double width = 380, height = 260;  // of the plot without its labels
  double margin = 0.06;              // of the x axis on either side
};

/// A plot as one SVG element that needs no script, font or other file, with colours (Okabe & Ito
/// 2008) and marks that colour-blind readers tell apart, for light and dark pages. Points that have
/// no place on the axes, a logarithmic one for instance, are left out.
class SvgPlot {
 public:
  struct Point {
    double x = 0, y = 0;
    double error = std::numeric_limits<double>::quiet_NaN();  // half a bar's length; NaN: no bar
  };
  enum class Stroke { solid, dashed, dotted };
  /// How a series is drawn; any numbers do, colours repeat after seven and marks after six.
  struct Style {
    std::size_t color = 0;
    std::size_t mark = 0;
    Stroke stroke = Stroke::solid;
  };

  SvgPlot(std::string title, std::string x_label, std::string y_label, PlotLook look = {});

  /// Points joined in the order given, and its name where the look wants it; none where it is empty.
  void add_series(const std::string& name, std::vector<Point> points, Style style);
  /// A dashed line at one y, with an entry of the legend.
  void add_level(const std::string& name, double y);
  /// A dotted line y ~ x^slope from x_low to x_high through a point, in a series' colour.
  void add_power(Point through, double slope, double x_low, double x_high, Style style);
  /// A thin straight line behind the series, as far as it crosses the plot, named upon it
  /// where there is room.
  void add_guide(const std::string& name, Point from, Point to);
  /// Marks these x and no others.
  void set_x_ticks(std::vector<double> ticks) { x_ticks_ = std::move(ticks); }
  /// What lies before this x makes no room along y: the line comes in from beyond the plot.
  void fit_y_from(double x) { fit_from_ = x; }

  /// Nothing has a place on the axes.
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
  struct Guide {
    std::string name;
    Point from, to;
  };
  class Canvas;

  std::string title_, x_label_, y_label_;
  PlotLook look_;
  std::vector<Series> series_;
  std::vector<Level> levels_;
  std::vector<Power> powers_;
  std::vector<Guide> guides_;
  std::vector<double> x_ticks_;
  double fit_from_ = -std::numeric_limits<double>::infinity();
};

}  // namespace nelbo
