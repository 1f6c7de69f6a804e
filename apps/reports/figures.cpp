#include "apps/reports/figures.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <set>

#include "apps/reports/svg_plot.hpp"
#include "apps/reports/tables.hpp"

namespace nelbo::gradvar {
namespace {

constexpr double normal_quantile = 1.96;  // of 97.5 %
constexpr std::size_t most_x_ticks = 10;

/// Rows of one bound and group, sorted by m and k.
using Rows = std::vector<const Row*>;

std::set<double> values(const Rows& rows, Axis axis) {
  std::set<double> all;
  for (const Row* row : rows) all.insert(along(*row, axis));
  return all;
}

template <class T>
std::size_t index_in(const std::vector<T>& all, const T& one) {
  return std::size_t(std::find(all.begin(), all.end(), one) - all.begin());
}

/// Where a theoretical slope is anchored: the mean of log x and log snr over the points of the fit.
SvgPlot::Point centre(const Rows& rows, Axis axis) {
  double n = 0, x = 0, y = 0;
  for (const Row* row : rows) {
    if (!(row->snr.mean > row->snr_floor) || !std::isfinite(row->snr.mean)) continue;
    n += 1;
    x += std::log(along(*row, axis));
    y += std::log(row->snr.mean);
  }
  return {std::exp(x / n), std::exp(y / n)};
}

class Drawing {
 public:
  explicit Drawing(const Study& study) : study_(study) {
    for (const Row& row : study.rows) {
      if (index_in(estimators_, row.estimator) == estimators_.size()) {
        estimators_.push_back(row.estimator);
      }
    }
  }

  void draw(const std::string& bound, const std::string& group) {
    bound_ = bound;
    group_ = group;
    rows_.clear();
    for (const Row& row : study_.rows) {
      if (row.bound == bound && row.group == group && row.defined()) rows_.push_back(&row);
    }
    std::stable_sort(rows_.begin(), rows_.end(), [](const Row* a, const Row* b) {
      return std::pair(a->m, a->k) < std::pair(b->m, b->k);
    });
    const bool several_k = values(rows_, Axis::k).size() > 1;
    for (const Axis axis : {Axis::m, Axis::k}) {
      if (axis == Axis::m ? values(rows_, axis).size() == 1 && several_k : !several_k) continue;
      against_samples("snr", "signal-to-noise ratio", axis, &Row::snr);
      against_samples("variance", "variance", axis, &Row::variance);
    }
    against_time(several_k && values(rows_, Axis::m).size() == 1 ? Axis::k : Axis::m);
  }
  std::vector<Figure> take() { return std::move(figures_); }

 private:
  /// Calls draw(name of the series, its rows, its style) for every estimator and every value of the
  /// other axis.
  template <class Draw>
  void each_series(Axis axis, Draw draw) const {
    const std::set<double> strata = values(rows_, other(axis));
    for (std::size_t e = 0; e < estimators_.size(); ++e) {
      std::size_t s = 0;
      for (const double stratum : strata) {
        Rows rows;
        std::copy_if(rows_.begin(), rows_.end(), std::back_inserter(rows), [&](const Row* row) {
          return row->estimator == estimators_[e] && along(*row, other(axis)) == stratum;
        });
        const std::string name = strata.size() == 1 ? estimators_[e]
                                                    : fmt::format("{}, {} = {}", estimators_[e],
                                                                  name_of(other(axis)), stratum);
        if (!rows.empty()) draw(name, rows, SvgPlot::Style{e, strata.size() == 1 ? e : s});
        ++s;
      }
    }
  }

  std::string title(const std::string& what) const {
    return fmt::format("{}, {}: {}", bound_, group_, what);
  }

  void against_samples(const std::string& kind, const std::string& label, Axis axis,
                       MeanAndError Row::*member) {
    const std::string x_name = name_of(axis);
    SvgPlot plot(title(label), x_name, label);
    each_series(axis, [&](const std::string& name, const Rows& rows, SvgPlot::Style style) {
      std::vector<SvgPlot::Point> points;
      for (const Row* row : rows) {
        const MeanAndError& value = row->*member;
        points.push_back({along(*row, axis), value.mean, normal_quantile * value.standard_error});
      }
      if (kind == "snr" && points.size() > 1) {
        for (const Slope& slope : study_.slopes) {
          if (slope.theory && slope.axis == axis && slope.bound == bound_ &&
              slope.group == group_ && slope.estimator == rows.front()->estimator) {
            plot.add_power(centre(rows, axis), *slope.theory, points.front().x, points.back().x,
                           style);
          }
        }
      }
      plot.add_series(name, std::move(points), style);
    });
    if (kind == "snr" && !rows_.empty()) {
      plot.add_level("floor without debiasing", rows_.front()->snr_floor);
    }
    if (const std::set<double> ticks = values(rows_, axis); ticks.size() <= most_x_ticks) {
      plot.set_x_ticks({ticks.begin(), ticks.end()});
    }
    finish(kind + "-" + x_name, plot);
  }

  void against_time(Axis axis) {
    SvgPlot plot(title("variance against time"), "microseconds per gradient", "variance");
    each_series(axis, [&](const std::string& name, const Rows& rows, SvgPlot::Style style) {
      std::vector<SvgPlot::Point> points;
      for (const Row* row : rows) {
        points.push_back({row->us_per_gradient.mean, row->variance.mean,
                          normal_quantile * row->variance.standard_error});
      }
      plot.add_series(name, std::move(points), style);
    });
    finish("variance-time", plot);
  }

  void finish(const std::string& kind, const SvgPlot& plot) {
    if (plot.empty()) return;
    std::string name = kind + "-" + bound_ + "-" + group_;
    for (char& c : name) {
      const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
      if (!plain && c != '.' && c != '_') c = '-';
    }
    name.resize(std::min<std::size_t>(name.size(), 100));
    std::string unique = name;
    for (int copy = 2; !names_.insert(unique).second; ++copy)
      unique = fmt::format("{}-{}", name, copy);
    figures_.push_back({unique, bound_, group_, plot.svg()});
  }

  const Study& study_;
  std::vector<std::string> estimators_;
  std::string bound_, group_;
  Rows rows_;
  std::vector<Figure> figures_;
  std::set<std::string> names_;
};

}  // namespace

std::vector<Figure> figures_of(const Study& study) {
  std::vector<std::string> groups;
  for (const Row& row : study.rows) {
    if (index_in(groups, row.group) == groups.size()) groups.push_back(row.group);
  }
  Drawing drawing(study);
  for (const std::string& bound : bounds_of(study)) {
    for (const std::string& group : groups) drawing.draw(bound, group);
  }
  return drawing.take();
}

}  // namespace nelbo::gradvar
