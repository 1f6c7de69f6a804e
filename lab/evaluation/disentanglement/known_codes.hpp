#pragma once
// Codes whose scores are known, on full grids of factors: what metrics are held against.
#include <cstdint>
#include <functional>
#include <vector>

#include "lab/evaluation/disentanglement/points.hpp"

namespace nelbo::disentanglement {

inline const std::vector<std::int32_t> small_grid{3, 6, 10, 16, 16};     ///< 46,080 points
inline const std::vector<std::int32_t> dsprites_grid{3, 6, 40, 32, 32};  ///< 737,280 points

/// All points of a grid, the last factor fastest, with factors v0, v1, ...; no codes.
Points grid_points(const std::vector<std::int32_t>& sizes);

/// Adds a dimension with code(n) at point n.
void add_code(Points& points, const std::function<double(std::size_t n)>& code);
/// Adds a dimension with the values of factor k.
void add_factor_code(Points& points, std::size_t k);
/// Adds a dimension of independent N(0, scale^2), other numbers for every `number`.
void add_noise(Points& points, double scale, std::uint32_t number);

/// c = v with `dead` more dimensions of small noise.
Points perfect_grid(const std::vector<std::int32_t>& sizes, int dead = 0);
/// Factors a and b turned by 45 degrees, in dimensions of their own, and every other factor as it is.
Points turned_grid(const std::vector<std::int32_t>& sizes, std::size_t a, std::size_t b);
/// Independent N(0, 1).
Points noise_grid(const std::vector<std::int32_t>& sizes, int dimensions);

}  // namespace nelbo::disentanglement
