#include "models/priors/pseudo_inputs.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "autodiff/ops/elementwise_ops.hpp"
#include "models/init.hpp"

namespace nelbo {
namespace {

constexpr double margin = 0.001;

/// The u of a value.
double unconstrained(const Support& support, double value) {
  const bool above = std::isfinite(support.least), below = std::isfinite(support.greatest);
  if (above && below) {
    const double share = (value - support.least) / (support.greatest - support.least);
    const double p = std::clamp(share, margin, 1 - margin);
    return std::log(p / (1 - p));
  }
  if (above) return std::log(std::max(value - support.least, margin));
  if (below) return std::log(std::max(support.greatest - value, margin));
  return value;
}

}  // namespace

Var in_support(const Support& support, Var u) {
  const bool above = std::isfinite(support.least), below = std::isfinite(support.greatest);
  if (above && below) {
    const bool unit = support.least == 0 && support.greatest == 1;
    return unit ? sigmoid(u) : support.least + (support.greatest - support.least) * sigmoid(u);
  }
  if (above) return support.least == 0 ? exp(u) : support.least + exp(u);
  if (below) return support.greatest - exp(u);
  return u;
}

Initializer pseudo_inputs_start(const Support& support, const DataMoments& moments) {
  const bool ends = std::isfinite(support.least) || std::isfinite(support.greatest);
  std::vector<double> centre = moments.mean.values(), deviation = moments.variance.values();
  for (double& value : centre) value = unconstrained(support, value);
  for (double& value : deviation) value = ends ? 1 : std::sqrt(value);
  const Shape shape{std::int64_t(centre.size())};
  return scattered(Tensor::of(centre, shape, DType::f64), Tensor::of(deviation, shape, DType::f64));
}

}  // namespace nelbo
