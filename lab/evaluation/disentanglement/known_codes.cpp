#include "lab/evaluation/disentanglement/known_codes.hpp"

#include <cmath>
#include <string>
#include <utility>

#include "autodiff/random_variables.hpp"

namespace nelbo::disentanglement {
namespace {

std::size_t count_of(const Points& points) { return points.factors.front().classes.size(); }

}  // namespace

Points grid_points(const std::vector<std::int32_t>& sizes) {
  std::size_t count = 1;
  for (const std::int32_t size : sizes) count *= std::size_t(size);
  Points points;
  std::size_t period = count;
  for (const std::int32_t size : sizes) {
    period /= std::size_t(size);
    Factor factor{.name = std::string("v").append(std::to_string(points.factors.size())),
                  .continuous = false,
                  .size = size,
                  .classes = std::vector<std::int32_t>(count),
                  .values = std::vector<double>(count)};
    for (std::size_t n = 0; n < count; ++n) {
      factor.classes[n] = std::int32_t(n / period % std::size_t(size));
      factor.values[n] = factor.classes[n];
    }
    points.factors.push_back(std::move(factor));
  }
  return points;
}

void add_code(Points& points, const std::function<double(std::size_t n)>& code) {
  const std::size_t count = count_of(points), before = points.dimensions;
  std::vector<double> codes;
  codes.reserve(count * (before + 1));
  for (std::size_t n = 0; n < count; ++n) {
    const auto row = points.codes.begin() + std::ptrdiff_t(n * before);
    codes.insert(codes.end(), row, row + std::ptrdiff_t(before));
    codes.push_back(code(n));
  }
  points.codes = std::move(codes);
  points.dimensions = before + 1;
}

void add_factor_code(Points& points, std::size_t k) {
  add_code(points, [&](std::size_t n) { return points.factors[k].values[n]; });
}

void add_noise(Points& points, double scale, std::uint32_t number) {
  std::vector<double> noise(count_of(points));
  fill_normal(noise.data(), {.stream = random_variables::disentangle_noise.of(17),
                             .step = 1 + number,
                             .dimensions = noise.size()});
  add_code(points, [&](std::size_t n) { return scale * noise[n]; });
}

Points perfect_grid(const std::vector<std::int32_t>& sizes, int dead) {
  Points points = grid_points(sizes);
  for (std::size_t k = 0; k < sizes.size(); ++k) add_factor_code(points, k);
  for (int d = 0; d < dead; ++d) add_noise(points, 1e-3, std::uint32_t(d));
  return points;
}

Points turned_grid(const std::vector<std::int32_t>& sizes, std::size_t a, std::size_t b) {
  Points points = grid_points(sizes);
  for (std::size_t k = 0; k < sizes.size(); ++k) {
    if (k != a && k != b) {
      add_factor_code(points, k);
      continue;
    }
    const double sign = k == a ? 1 : -1;
    add_code(points, [&](std::size_t n) {
      return (points.factors[a].values[n] + sign * points.factors[b].values[n]) / std::sqrt(2.0);
    });
  }
  return points;
}

Points noise_grid(const std::vector<std::int32_t>& sizes, int dimensions) {
  Points points = grid_points(sizes);
  for (int d = 0; d < dimensions; ++d) add_noise(points, 1, std::uint32_t(100 + d));
  return points;
}

}  // namespace nelbo::disentanglement
