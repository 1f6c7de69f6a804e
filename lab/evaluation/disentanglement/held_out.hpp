#pragma once
// Scores of learners over points that they have not seen.
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "lab/evaluation/disentanglement/points.hpp"

namespace nelbo::disentanglement {

struct Split {
  Points train, test;
};

inline constexpr std::size_t least_points = 6;

/// 10,000 random points that learn and 5,000 others; of fewer than 15,000 a third are the others. Throws
/// Error of fewer than least_points.
Split split_points(const Points& points, std::uint64_t seed);

/// A random half of the points that learns, and the other. Throws Error of fewer than 2.
Split halve_points(const Points& points, std::uint64_t seed);

/// The points `rows` of both parts, those that learn counted first.
Split rows_of(const Split& points, std::span<const std::uint32_t> rows);

/// A score and what each held-out point has to do with it: the influences sum to 0, and the root of the
/// sum of their squares is the standard error, which holds nothing of the training points' chance.
/// Scores over the same points may be added.
struct HeldOut {
  double value = 0;
  std::vector<double> influence;  ///< [held-out points]

  void add(const HeldOut& part, double share);
  Score score() const;
};

/// Of numbers whose mean over the points is the score.
HeldOut mean_over_points(std::vector<double> numbers);

/// The share of points whose class is said rightly.
HeldOut accuracy(std::span<const std::int32_t> said, std::span<const std::int32_t> truth);

}  // namespace nelbo::disentanglement
