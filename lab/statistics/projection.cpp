#include "lab/statistics/projection.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>

namespace nelbo::gradvar {
namespace {

/// Eight running sums that the compiler keeps in vector registers, added as a tree.
class Sum {
 public:
  static constexpr std::size_t width = 8;

  /// Adds term(0) ... term(n - 1).
  template <class Term>
  void add(std::size_t n, Term term) {
    std::size_t i = 0;
    for (; i + width <= n; i += width) {
      for (std::size_t k = 0; k < width; ++k) sums_[k] += term(i + k);
    }
    for (std::size_t k = 0; i < n; ++i, ++k) sums_[k] += term(i);
  }
  double total() const {
    return ((sums_[0] + sums_[4]) + (sums_[2] + sums_[6])) +
           ((sums_[1] + sums_[5]) + (sums_[3] + sums_[7]));
  }

 private:
  double sums_[width] = {};
};

template <class T>
double along(const std::vector<double>& unit, const Ranges& ranges, std::span<const T> gradient) {
  Sum sum;
  const double* u = unit.data();
  for (const Range& range : ranges) {
    const T* g = gradient.data() + range.offset;
    sum.add(range.length, [u, g](std::size_t i) { return u[i] * double(g[i]); });
    u += range.length;
  }
  return sum.total();
}

/// Parameters at a time: read from memory once, then from the first-level cache.
constexpr std::size_t tile = 2048;

template <class T>
Projection::Parts parts(const std::vector<double>& unit, const Ranges& ranges,
                        std::span<const T> gradient) {
  Sum product, square;
  const double* u = unit.data();
  for (const Range& range : ranges) {
    for (std::size_t start = 0; start < range.length; start += tile) {
      const std::size_t n = std::min(tile, range.length - start);
      const T* g = gradient.data() + range.offset + start;
      product.add(n, [u, g](std::size_t i) { return u[i] * double(g[i]); });
      square.add(n, [g](std::size_t i) { return double(g[i]) * double(g[i]); });
      u += n;
    }
  }
  return {product.total(), square.total()};
}

}  // namespace

double dot(std::span<const double> a, std::span<const double> b, const Ranges& ranges) {
  Sum sum;
  for (const Range& range : ranges) {
    const double *x = a.data() + range.offset, *y = b.data() + range.offset;
    sum.add(range.length, [x, y](std::size_t i) { return x[i] * y[i]; });
  }
  return sum.total();
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
  return gradvar::along(unit_, ranges_, gradient);
}
double Projection::along(std::span<const double> gradient) const {
  return gradvar::along(unit_, ranges_, gradient);
}
Projection::Parts Projection::parts(std::span<const float> gradient) const {
  return gradvar::parts(unit_, ranges_, gradient);
}
Projection::Parts Projection::parts(std::span<const double> gradient) const {
  return gradvar::parts(unit_, ranges_, gradient);
}

}  // namespace nelbo::gradvar
