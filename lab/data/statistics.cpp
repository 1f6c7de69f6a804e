#include "lab/data/statistics.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>

#include "autodiff/error.hpp"

namespace nelbo::data {
namespace {

/// Calls f(values of one example as T*, number of values) for every example.
template <class T, class F>
void each_example(const Images& images, F&& f) {
  const auto n = static_cast<std::size_t>(images.features());
  std::vector<std::byte> scratch(images.example_bytes());
  std::vector<T> values(n);  // stored bytes need not be aligned
  for (std::int64_t i = 0; i < images.count(); ++i) {
    std::memcpy(values.data(), images.raw(i, scratch.data()), n * sizeof(T));
    f(values);
  }
}

/// One byte per value: the histogram holds everything, and its sums are exact.
Statistics byte_statistics(const Images& images, double scale) {
  std::array<std::int64_t, 256> histogram{};
  each_example<std::uint8_t>(images, [&](const std::vector<std::uint8_t>& values) {
    for (const std::uint8_t value : values) ++histogram[value];
  });
  Statistics result;
  double n = 0, sum = 0, squares = 0;
  bool first = true;
  for (std::size_t value = 0; value < histogram.size(); ++value) {
    if (histogram[value] == 0) continue;
    const auto weight = static_cast<double>(histogram[value]), v = static_cast<double>(value);
    if (first) result.min = v;
    first = false;
    result.max = v;
    n += weight;
    sum += weight * v;
    squares += weight * v * v;
  }
  const double mean = sum / n;
  result.mean = mean / scale;
  result.std = std::sqrt(std::max(0.0, squares / n - mean * mean)) / scale;
  return result;
}

/// Two passes: the deviations are taken from the mean, or large means would cancel the variance.
template <class T>
Statistics wide_statistics(const Images& images, double scale) {
  Statistics result;
  result.min = std::numeric_limits<double>::infinity();
  result.max = -result.min;
  const double n = static_cast<double>(images.count()) * static_cast<double>(images.features());
  double mean = 0;
  each_example<T>(images, [&](const std::vector<T>& values) {
    double sum = 0;
    for (const T value : values) {
      const auto v = static_cast<double>(value);
      sum += v / n;  // divided first: the sum of large finite values may overflow
      result.min = std::min(result.min, v);
      result.max = std::max(result.max, v);
    }
    mean += sum;
  });
  double variance = 0;
  each_example<T>(images, [&](const std::vector<T>& values) {
    double sum = 0;
    for (const T value : values) {
      const double deviation = (static_cast<double>(value) - mean) / scale;
      sum += deviation * deviation;
    }
    variance += sum / n;
  });
  result.mean = mean / scale;
  result.std = std::sqrt(variance);
  return result;
}

}  // namespace

Statistics statistics(const Split& split, double scale) {
  Statistics result = of_type(split.images.type(), [&]<class T>(T) {
    if constexpr (sizeof(T) == 1) {
      return byte_statistics(split.images, scale);
    } else {
      return wide_statistics<T>(split.images, scale);
    }
  });
  for (const std::int64_t label : split.labels) ++result.labels[label];
  return result;
}

FeatureMoments feature_moments(const Split& split) {
  return of_type(split.images.type(), [&]<class T>(T) {
    const auto width = static_cast<std::size_t>(split.images.features());
    std::vector<double> origin(width), sums(width), squares(width), n(width);
    each_example<T>(split.images, [&](const std::vector<T>& values) {
      for (std::size_t d = 0; d < width; ++d) {
        const auto value = static_cast<double>(values[d]);
        if (std::isnan(value)) continue;
        if (n[d] == 0) origin[d] = value;
        ++n[d];
        sums[d] += value - origin[d];
      }
    });
    each_example<T>(split.images, [&](const std::vector<T>& values) {
      for (std::size_t d = 0; d < width; ++d) {
        const auto value = static_cast<double>(values[d]);
        if (std::isnan(value)) continue;
        const double from_mean = value - origin[d] - sums[d] / n[d];
        squares[d] += from_mean * from_mean;
      }
    });
    FeatureMoments moments;
    for (std::size_t d = 0; d < width; ++d) {
      if (n[d] == 0)
        throw Error("feature " + std::to_string(d + 1) + " is missing in all examples of split '" +
                    split.name + "'; leave it out");
      moments.mean.push_back(origin[d] + sums[d] / n[d]);
      moments.deviation.push_back(squares[d] > 0 ? std::sqrt(squares[d] / n[d]) : 1);
    }
    return moments;
  });
}

}  // namespace nelbo::data
