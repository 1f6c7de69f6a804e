#pragma once
// Points made of columns and of other points.
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "lab/evaluation/disentanglement/points.hpp"

namespace nelbo::disentanglement {

/// A factor of its values [N] in their own unit: discrete, with a class for each value in ascending
/// order, where it takes at most 200, else continuous, with 20 classes of equal mass.
Factor make_factor(const std::string& name, std::vector<double> values);

/// The points `rows`, with the classes that the factors have.
Points rows_of(const Points& points, std::span<const std::uint32_t> rows);

/// `count` of the points, chosen by the seed without replacement; all where there are no more.
Points some_points(const Points& points, std::size_t count, std::uint64_t seed);

/// The same points under the best code there is, c = v: each factor's values, without spread where the
/// points have none, else with a standard deviation of a hundredth of the least distance of two
/// values.
Points perfect_code(const Points& points);

/// The same points under codes of as many dimensions that know nothing of them: independent N(0, 1),
/// of variance 1 where the points have variances.
Points noise_code(const Points& points, std::uint64_t seed);

}  // namespace nelbo::disentanglement
