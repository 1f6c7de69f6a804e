#pragma once
// Codes whose scores are known, on grids of factors.
#include <cmath>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>
#include <vector>

#include "autodiff/random.hpp"
#include "lab/evaluation/disentanglement/points.hpp"

namespace nelbo::tests {

using disentanglement::Factor;
using disentanglement::Points;

inline const std::vector<std::int32_t> small_grid{3, 6, 10, 16, 16};     // 46,080 points
inline const std::vector<std::int32_t> dsprites_grid{3, 6, 40, 32, 32};  // 737,280 points

/// All points of a grid, the last factor fastest; no codes.
inline Points grid_points(const std::vector<std::int32_t>& sizes) {
  std::size_t count = 1;
  for (const std::int32_t size : sizes) count *= std::size_t(size);
  Points points;
  std::size_t period = count;
  for (std::size_t k = 0; k < sizes.size(); ++k) {
    period /= std::size_t(sizes[k]);
    Factor factor{.name = std::string("v").append(std::to_string(k)),
                  .continuous = false,
                  .size = sizes[k],
                  .classes = std::vector<std::int32_t>(count),
                  .values = std::vector<double>(count)};
    for (std::size_t n = 0; n < count; ++n) {
      factor.classes[n] = std::int32_t(n / period % std::size_t(sizes[k]));
      factor.values[n] = factor.classes[n];
    }
    points.factors.push_back(std::move(factor));
  }
  return points;
}

inline std::size_t count_of(const Points& points) { return points.factors[0].classes.size(); }

/// Adds a dimension with code(n) at point n.
inline void add_code(Points& points, const std::function<double(std::size_t)>& code) {
  const std::size_t count = count_of(points), before = points.dimensions;
  std::vector<double> codes(count * (before + 1));
  for (std::size_t n = 0; n < count; ++n) {
    for (std::size_t d = 0; d < before; ++d)
      codes[n * (before + 1) + d] = points.codes[n * before + d];
    codes[n * (before + 1) + before] = code(n);
  }
  points.codes = std::move(codes);
  points.dimensions = before + 1;
}

/// Independent N(0, scale^2), other numbers for every `number`.
inline void add_noise(Points& points, double scale, std::uint32_t number) {
  std::vector<double> noise(count_of(points));
  fill_normal(noise.data(),
              {.stream = {.seed = 17, .variable = number}, .dimensions = noise.size()});
  add_code(points, [&](std::size_t n) { return scale * noise[n]; });
}

/// c = v with `dead` more dimensions of small noise.
inline Points perfect(const std::vector<std::int32_t>& sizes, int dead = 0) {
  Points points = grid_points(sizes);
  for (std::size_t k = 0; k < sizes.size(); ++k) {
    add_code(points, [&](std::size_t n) { return points.factors[k].values[n]; });
  }
  for (int d = 0; d < dead; ++d) add_noise(points, 1e-3, std::uint32_t(d));
  return points;
}

inline Points noise_points(const std::vector<std::int32_t>& sizes, int dimensions) {
  Points points = grid_points(sizes);
  for (int d = 0; d < dimensions; ++d) add_noise(points, 1, std::uint32_t(100 + d));
  return points;
}

/// Two uniform factors turned by 45 degrees.
inline Points rotated(std::int32_t size) {
  Points points = grid_points({size, size});
  for (const double sign : {1.0, -1.0}) {
    add_code(points, [&](std::size_t n) {
      return (points.factors[0].values[n] + sign * points.factors[1].values[n]) / std::sqrt(2.0);
    });
  }
  return points;
}

/// A table of numbers in [-1, 1) that Python makes too (learner_tables.py): (i * 7919 % 10007) / 10007
/// turned to [-1, 1).
inline std::vector<double> rational_noise(std::size_t count, std::uint64_t first = 1) {
  std::vector<double> x(count);
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint64_t n = first + i;
    x[i] = 2 * double((n * n * 7919 + n * 104729) % 10007) / 10007 - 1;
  }
  return x;
}

}  // namespace nelbo::tests
