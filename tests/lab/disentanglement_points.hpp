#pragma once
// Codes whose scores are known, on grids of factors.
#include <cmath>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>
#include <vector>

#include "autodiff/random.hpp"
#include "lab/evaluation/disentanglement/known_codes.hpp"
#include "lab/evaluation/disentanglement/points.hpp"

namespace nelbo::tests {

using disentanglement::add_code;
using disentanglement::add_noise;
using disentanglement::dsprites_grid;
using disentanglement::Factor;
using disentanglement::grid_points;
using disentanglement::Points;
using disentanglement::small_grid;

inline std::size_t count_of(const Points& points) { return points.factors[0].classes.size(); }

/// c = v with `dead` more dimensions of small noise.
inline Points perfect(const std::vector<std::int32_t>& sizes, int dead = 0) {
  return disentanglement::perfect_grid(sizes, dead);
}

inline Points noise_points(const std::vector<std::int32_t>& sizes, int dimensions) {
  return disentanglement::noise_grid(sizes, dimensions);
}

/// Two uniform factors turned by 45 degrees.
inline Points rotated(std::int32_t size) {
  return disentanglement::turned_grid({size, size}, 0, 1);
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
