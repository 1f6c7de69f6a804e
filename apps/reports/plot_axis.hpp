#pragma once
#include <limits>
#include <string>
#include <vector>

namespace nelbo {

enum class Scale { linear, log };

/// Positions of tick marks between low and high (0 < low < high) on a logarithmic axis: powers of
/// ten, at most about eight; with 2 and 5 between them, or all whole multiples, where there would
/// be fewer than three.
std::vector<double> log_ticks(double low, double high);

/// Positions of tick marks between low < high on a linear axis: the whole multiples of 1, 2 or 5
/// times a power of ten that give three to nine, or of `least_step` where that is more.
std::vector<double> linear_ticks(double low, double high, double least_step = 0);

/// A number beside a tick, as SVG text: 0.01, 20, or 10 to a power; with a true minus sign.
std::string tick_text(double value);

/// The values along one side of a plot.
class PlotAxis {
 public:
  explicit PlotAxis(Scale scale) : scale_(scale) {}

  /// Whether the axis has a place for it: finite, and positive on a logarithmic axis.
  bool drawable(double value) const;
  /// Makes room for a value; nothing for one that cannot be drawn.
  void include(double value);
  /// A margin, and on a logarithmic axis at least a factor of two; a range where there is none.
  void widen(double margin = 0.06);
  /// 0 to 1 along the axis; what lies beyond it is at its end.
  double share(double value) const;
  /// The same, and beyond the ends where the value is beyond them.
  double share_beyond(double value) const;
  std::vector<double> ticks() const;
  /// What stands beside these ticks, as SVG text; on a linear axis all with as many decimals.
  std::vector<std::string> tick_texts(const std::vector<double>& ticks) const;

  double low() const { return low_; }
  double high() const { return high_; }
  bool empty() const { return !(low_ <= high_); }

 private:
  Scale scale_;
  double low_ = std::numeric_limits<double>::infinity();
  double high_ = -std::numeric_limits<double>::infinity();
};

}  // namespace nelbo
