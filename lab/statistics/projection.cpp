#include "lab/statistics/projection.hpp"

#include <cmath>
#include <cstddef>
#include <utility>

#include "lab/statistics/lane_sum.hpp"

namespace nelbo::gradvar {
namespace {

template <class T>
double dot_of(std::span<const double> a, std::span<const T> b, const Ranges& ranges) {
  LaneSum sum;
  for (const Range& range : ranges) {
    const double* x = a.data() + range.offset;
    const T* y = b.data() + range.offset;
    sum.add(range.length, [x, y](std::size_t i) { return x[i] * double(y[i]); });
  }
  return sum.total();
}

template <class T>
double along_of(const std::vector<double>& unit, const Ranges& ranges,
                std::span<const T> gradient) {
  LaneSum sum;
  const double* u = unit.data();
  for (const Range& range : ranges) {
    const T* g = gradient.data() + range.offset;
    sum.add(range.length, [u, g](std::size_t i) { return u[i] * double(g[i]); });
    u += range.length;
  }
  return sum.total();
}

}  // namespace

double dot(std::span<const double> a, std::span<const double> b, const Ranges& ranges) {
  return dot_of(a, b, ranges);
}
double dot(std::span<const double> a, std::span<const float> b, const Ranges& ranges) {
  return dot_of(a, b, ranges);
}

double squared_norm(std::span<const double> a, const Ranges& ranges) { return dot(a, a, ranges); }

Projection::Projection(std::span<const double> v, Ranges ranges) : ranges_(std::move(ranges)) {
  const double norm = std::sqrt(gradvar::squared_norm(v, ranges_));
  defined_ = norm != 0;
  for (const Range& range : ranges_) {
    for (std::size_t i = 0; i < range.length; ++i) {
      unit_.push_back(defined_ ? v[range.offset + i] / norm : 0);
    }
  }
}

double Projection::along(std::span<const float> gradient) const {
  return along_of(unit_, ranges_, gradient);
}
double Projection::along(std::span<const double> gradient) const {
  return along_of(unit_, ranges_, gradient);
}

}  // namespace nelbo::gradvar
