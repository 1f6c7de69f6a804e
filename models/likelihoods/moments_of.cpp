#include "models/likelihoods/moments_of.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "autodiff/error.hpp"

namespace nelbo {

std::vector<double> finite_means(const DataMoments& moments) {
  std::vector<double> means = moments.mean.values();
  if (!std::all_of(means.begin(), means.end(), [](double m) { return std::isfinite(m); })) {
    throw Error("data moments: a feature's mean is not finite");
  }
  return means;
}

std::vector<double> statistics_of(const Likelihood& likelihood, const DataMoments& moments) {
  const std::int64_t wanted = moments.mean.size() * likelihood.statistics();
  if (moments.statistics.size() == wanted) return moments.statistics.values();
  throw Error("data moments: the likelihood " + likelihood.text() + " starts at " +
              std::to_string(likelihood.statistics()) +
              " statistics of every feature, which they lack; take Examples::moments(&likelihood)");
}

Tensor log_variance_start(const DataMoments& moments) {
  std::vector<double> start = moments.variance.values();
  for (const double v : start) {
    if (!std::isfinite(v) || v < 0) {
      throw Error("data moments: a feature's variance is " + std::to_string(v));
    }
  }
  const double average = std::accumulate(start.begin(), start.end(), 0.0) / double(start.size());
  for (double& v : start) v = average > 0 ? std::log(std::max(v, 0.001 * average)) : 0;
  return vector_of(start);
}

Tensor shared_log_variance_start(const DataMoments& moments) {
  double sum = 0;
  const std::vector<double> all = log_variance_start(moments).values();
  for (const double one : all) sum += std::exp(one);
  return vector_of({std::log(sum / double(all.size()))});
}

Tensor vector_of(const std::vector<double>& numbers) {
  return Tensor::of(numbers, {std::int64_t(numbers.size())}, DType::f64);
}

}  // namespace nelbo
