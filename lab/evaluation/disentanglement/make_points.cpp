#include "lab/evaluation/disentanglement/make_points.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "autodiff/random_variables.hpp"
#include "lab/evaluation/disentanglement/bins.hpp"

namespace nelbo::disentanglement {
namespace {

/// The logarithm of the squared hundredth of the least distance of two values.
double narrow(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  double least = 0;
  for (std::size_t i = 1; i < values.size(); ++i) {
    const double step = values[i] - values[i - 1];
    if (step > 0 && (least == 0 || step < least)) least = step;
  }
  return 2 * std::log((least == 0 ? 1 : least) / 100);
}

}  // namespace

Factor make_factor(const std::string& name, std::vector<double> values) {
  const Classes classes = exact_or_equal_mass(values, continuous_bins);
  return {.name = name,
          .continuous = !classes.exact,
          .size = std::int32_t(classes.count),
          .classes = {classes.of.begin(), classes.of.end()},
          .values = std::move(values)};
}

Points rows_of(const Points& points, std::span<const std::uint32_t> rows) {
  const std::size_t dimensions = points.dimensions;
  Points some{.dimensions = dimensions, .codes = {}, .log_variances = {}, .factors = {}};
  for (const auto& [from, to] : {std::pair{&points.codes, &some.codes},
                                 std::pair{&points.log_variances, &some.log_variances}}) {
    if (from->empty()) continue;
    to->reserve(rows.size() * dimensions);
    for (const std::uint32_t n : rows) {
      const auto at = from->begin() + std::ptrdiff_t(n * dimensions);
      to->insert(to->end(), at, at + std::ptrdiff_t(dimensions));
    }
  }
  for (const Factor& factor : points.factors) {
    Factor& of = some.factors.emplace_back(Factor{.name = factor.name,
                                                  .continuous = factor.continuous,
                                                  .size = factor.size,
                                                  .classes = {},
                                                  .values = {}});
    for (const std::uint32_t n : rows) {
      of.classes.push_back(factor.classes[n]);
      of.values.push_back(factor.values[n]);
    }
  }
  return some;
}

Points some_points(const Points& points, std::size_t count, std::uint64_t seed) {
  if (points.count() <= count) return points;
  std::vector<std::uint32_t> rows(points.count());
  fill_permutation(rows.data(), rows.size(), random_variables::disentangle_points.of(seed), 0);
  rows.resize(count);
  return rows_of(points, rows);
}

Points perfect_code(const Points& points) {
  const std::size_t count = points.count(), dimensions = points.factors.size();
  Points perfect{.dimensions = dimensions,
                 .codes = std::vector<double>(count * dimensions),
                 .log_variances = {},
                 .factors = points.factors};
  if (!points.log_variances.empty()) perfect.log_variances.resize(perfect.codes.size());
  for (std::size_t k = 0; k < dimensions; ++k) {
    const std::vector<double>& values = points.factors[k].values;
    const double log_variance = perfect.log_variances.empty() ? 0 : narrow(values);
    for (std::size_t n = 0; n < count; ++n) {
      perfect.codes[n * dimensions + k] = values[n];
      if (!perfect.log_variances.empty()) perfect.log_variances[n * dimensions + k] = log_variance;
    }
  }
  return perfect;
}

Points noise_code(const Points& points, std::uint64_t seed) {
  Points noise{.dimensions = points.dimensions,
               .codes = std::vector<double>(points.codes.size()),
               .log_variances = std::vector<double>(points.log_variances.size(), 0.0),
               .factors = points.factors};
  fill_normal(noise.codes.data(), {.stream = random_variables::disentangle_noise.of(seed),
                                   .batch = points.count(),
                                   .dimensions = points.dimensions});
  return noise;
}

}  // namespace nelbo::disentanglement
