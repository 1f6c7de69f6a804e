#include "lab/data/gaussian.hpp"

#include <charconv>
#include <cmath>
#include <cstring>
#include <span>
#include <vector>

#include "autodiff/error.hpp"
#include "autodiff/random_variables.hpp"

namespace nelbo::data {
namespace {

constexpr std::size_t examples = 10000;
constexpr std::size_t most_variances = 64;

std::vector<double> variances_of(const Choice& choice) {
  std::vector<double> variances;
  const char* at = choice.argument.data();
  const char* const end = at + choice.argument.size();
  while (true) {
    double variance = 0;
    const auto [stop, failure] = std::from_chars(at, end, variance);
    const bool good = failure == std::errc() && std::isfinite(variance) && variance > 0;
    if (!good || (stop != end && *stop != ',') || variances.size() == most_variances) {
      throw Error("data '" + choice.text + "': gaussian takes 1 to 64 positive variances, as in " +
                  "gaussian:4,2,0.5");
    }
    variances.push_back(variance);
    if (stop == end) return variances;
    at = stop + 1;
  }
}

double mean_product(std::span<const double> a, std::span<const double> b) {
  double sum = 0;
  for (std::size_t n = 0; n < a.size(); ++n) sum += a[n] * b[n];
  return sum / double(a.size());
}

/// Columns of normal numbers, made orthogonal to a column of ones and to each other (Gram and Schmidt,
/// twice against rounding), each with its mean square.
Images orthogonal_normals(const std::vector<double>& variances, std::uint64_t seed) {
  const std::size_t features = variances.size();
  std::vector<double> drawn(examples * features);
  fill_normal(
      drawn.data(),
      {.stream = random_variables::gaussian.of(seed), .batch = examples, .dimensions = features});
  std::vector<std::vector<double>> columns(features, std::vector<double>(examples));
  const std::vector<double> ones(examples, 1);
  Array array;
  array.type = StoredType::float64;
  array.shape = {std::int64_t(examples), std::int64_t(features)};
  std::vector<double> values(examples * features);
  for (std::size_t d = 0; d < features; ++d) {
    std::vector<double>& column = columns[d];
    for (std::size_t n = 0; n < examples; ++n) column[n] = drawn[n * features + d];
    const auto without = [&](std::span<const double> other) {
      const double share = mean_product(column, other) / mean_product(other, other);
      for (std::size_t n = 0; n < examples; ++n) column[n] -= share * other[n];
    };
    for (int pass = 0; pass < 2; ++pass) {
      without(ones);
      for (std::size_t before = 0; before < d; ++before) without(columns[before]);
    }
    const double scale = std::sqrt(variances[d] / mean_product(column, column));
    for (std::size_t n = 0; n < examples; ++n) values[n * features + d] = scale * column[n];
  }
  array.bytes.resize(values.size() * sizeof(double));
  std::memcpy(array.bytes.data(), values.data(), array.bytes.size());
  return Images(std::move(array));
}

}  // namespace

Dataset make_gaussian(const Choice& choice) {
  const std::vector<double> variances = variances_of(choice);
  Dataset dataset;
  dataset.spec = choice.text;
  dataset.format = "gaussian";
  dataset.version = "nelbo " + choice.text + " 1";
  dataset.splits.push_back({"train", orthogonal_normals(variances, 0), {}, {}});
  dataset.splits.push_back({"test", orthogonal_normals(variances, 1), {}, {}});
  return dataset;
}

}  // namespace nelbo::data
