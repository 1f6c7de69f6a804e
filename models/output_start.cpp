#include "models/output_start.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "autodiff/error.hpp"

namespace nelbo {

Tensor output_start(const Likelihood& likelihood, const Tensor& mean) {
  std::vector<double> start = mean.values();
  const bool bernoulli = likelihood.kind == Likelihood::Kind::bernoulli;
  for (double& m : start) {
    if (!std::isfinite(m)) throw Error("data moments: a feature's mean is not finite");
    if (!bernoulli) continue;
    constexpr double rounding = 1e-6;  // of sums over the data
    if (m < -rounding || m > 1 + rounding) {
      throw Error("data moments: a feature's mean is " + std::to_string(m) +
                  ", but a Bernoulli likelihood needs data in [0, 1]; choose a normal one");
    }
    const double p = std::clamp(m, 0.001, 0.999);
    m = std::log(p / (1 - p));
  }
  return Tensor::of(start, mean.shape(), DType::f64);
}

Tensor log_variance_start(const Tensor& variance) {
  std::vector<double> start = variance.values();
  for (const double v : start) {
    if (!std::isfinite(v) || v < 0) {
      throw Error("data moments: a feature's variance is " + std::to_string(v));
    }
  }
  const double average = std::accumulate(start.begin(), start.end(), 0.0) / double(start.size());
  for (double& v : start) v = average > 0 ? std::log(std::max(v, 0.001 * average)) : 0;
  return Tensor::of(start, variance.shape(), DType::f64);
}

}  // namespace nelbo
