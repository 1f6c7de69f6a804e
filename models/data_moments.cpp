#include "models/data_moments.hpp"

#include <string>

#include "autodiff/error.hpp"

namespace nelbo {

DataMoments of_features(const DataMoments& moments, std::int64_t features) {
  if (moments.mean.size() == 0) return {};
  const auto vector = [&](const char* name, const Tensor& values) {
    if (values.size() == features) return values.reshape({features});
    throw Error("model: the training " + std::string(name) + " has shape " + values.shape().text() +
                " for " + std::to_string(features) + " features");
  };
  return {vector("mean", moments.mean), vector("variance", moments.variance), moments.extent,
          moments.statistics};
}

namespace {

/// The means over all places of values [places C, K]: [C, K].
std::vector<double> place_means(const std::vector<double>& values, std::size_t row) {
  std::vector<double> sums(row, 0.0);
  for (std::size_t i = 0; i < values.size(); ++i) sums[i % row] += values[i];
  for (double& sum : sums) sum /= double(values.size() / row);
  return sums;
}

}  // namespace

DataMoments of_channels(const DataMoments& moments, std::int64_t channels) {
  const std::size_t c = std::size_t(channels);
  const std::vector<double> means = moments.mean.values();
  const std::vector<double> mean = place_means(means, c);
  std::vector<double> variance = moments.variance.values();
  for (std::size_t i = 0; i < variance.size(); ++i) {
    const double from_channel = means[i] - mean[i % c];
    variance[i] += from_channel * from_channel;
  }
  variance = place_means(variance, c);
  DataMoments of{Tensor::of(mean, {channels}, DType::f64),
                 Tensor::of(variance, {channels}, DType::f64), moments.extent};
  if (moments.statistics.size() > 0) {
    const std::int64_t k = moments.statistics.shape()[1];
    of.statistics = Tensor::of(place_means(moments.statistics.values(), c * std::size_t(k)),
                               {channels, k}, DType::f64);
  }
  return of;
}

}  // namespace nelbo
