#include "lab/statistics/quantile.hpp"

#include <algorithm>
#include <limits>

namespace nelbo {

double quantile(std::span<double> x, double p) {
  if (x.empty()) return std::numeric_limits<double>::quiet_NaN();
  const double place = double(x.size() - 1) * p;
  const std::size_t below = std::min(std::size_t(place), x.size() - 1);
  const auto at = x.begin() + std::ptrdiff_t(below);
  std::nth_element(x.begin(), at, x.end());
  if (below + 1 == x.size()) return *at;
  return *at + (place - double(below)) * (*std::min_element(at + 1, x.end()) - *at);
}

}  // namespace nelbo
