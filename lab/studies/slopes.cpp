#include "lab/studies/slopes.hpp"

#include <algorithm>
#include <cmath>
#include <map>

namespace nelbo::gradvar {
namespace {

constexpr double normal_quantile = 1.959963984540054;  // of 97.5 %

bool usable(const SlopePoint& point) {
  return point.snr.mean > point.floor && std::isfinite(point.snr.mean) && point.x > 0;
}

}  // namespace

std::optional<SlopeFit> fit_slope(std::span<const SlopePoint> points) {
  struct Means {
    double n = 0, x = 0, y = 0;
  };
  std::map<double, Means> strata;
  for (const SlopePoint& point : points) {
    if (!usable(point)) continue;
    Means& of = strata[point.stratum];
    of.n += 1;
    of.x += (std::log(point.x) - of.x) / of.n;
    of.y += (std::log(point.snr.mean) - of.y) / of.n;
  }
  double xx = 0, xy = 0, variance = 0;
  int used = 0;
  for (const SlopePoint& point : points) {
    if (!usable(point)) continue;
    const Means& of = strata[point.stratum];
    const double x = std::log(point.x) - of.x;
    xx += x * x;
    xy += x * (std::log(point.snr.mean) - of.y);
    if (x != 0) variance += std::pow(x * point.snr.standard_error / point.snr.mean, 2);
    ++used;
  }
  const bool varies = std::any_of(points.begin(), points.end(), [&](const SlopePoint& a) {
    return usable(a) && std::any_of(points.begin(), points.end(), [&](const SlopePoint& b) {
             return usable(b) && a.stratum == b.stratum && a.x != b.x;
           });
  });
  if (!varies) return std::nullopt;
  const double slope = xy / xx, se = std::sqrt(variance) / xx;
  return SlopeFit{slope, se, slope - normal_quantile * se, slope + normal_quantile * se, used};
}

std::vector<Slope> slopes_of(std::span<const Row> rows) {
  const auto same = [](const Row& a, const Row& b) {
    return a.bound == b.bound && a.estimator == b.estimator && a.group == b.group;
  };
  std::vector<Slope> slopes;
  for (std::size_t first = 0; first < rows.size(); ++first) {
    const Row& row = rows[first];
    const auto before = rows.first(first);
    if (std::any_of(before.begin(), before.end(), [&](const Row& r) { return same(r, row); })) {
      continue;
    }
    for (const Axis axis : {Axis::m, Axis::k}) {
      std::vector<SlopePoint> points;
      for (const Row& of : rows) {
        if (!same(of, row) || !of.defined()) continue;
        points.push_back({along(of, axis), of.snr, of.snr_floor, along(of, other(axis))});
      }
      if (const std::optional<SlopeFit> fit = fit_slope(points)) {
        slopes.push_back({.bound = row.bound,
                          .estimator = row.estimator,
                          .group = row.group,
                          .axis = axis,
                          .slope = fit->slope,
                          .se = fit->se,
                          .low = fit->low,
                          .high = fit->high,
                          .points = fit->points});
      }
    }
  }
  return slopes;
}

}  // namespace nelbo::gradvar
