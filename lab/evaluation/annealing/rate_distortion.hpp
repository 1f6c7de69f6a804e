#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "lab/evaluation/annealing/readings.hpp"

namespace nelbo::annealing {

/// A point of a decoder's own rate-distortion curve under its prior: of all encoders, those of
/// posterior P0(z) exp(-beta d(x, z)) / Z_beta(x) have the least rate for their distortion (Huang,
/// Makhzani, Cao & Grosse 2020, "Evaluating lossy compression rates of deep generative models").
struct RatePoint {
  double beta = 0;
  MeanAndError distortion;  // E d(X, Z)
  /// E KL(posterior || P0) = -E log Z_beta - beta E d, nats per datum: an upper bound in
  /// expectation.
  MeanAndError rate;
};

/// Which temperatures 1 .. T are points of a curve of about `count`: evenly spread, T the last.
std::vector<std::size_t> curve_points(std::int64_t temperatures, std::int64_t count);

/// The curve that read_curve() has read at the temperatures `points` of the plan, means over the
/// data.
std::vector<RatePoint> rate_distortion(const Readings& readings, const AnnealingPlan& plan,
                                       std::span<const std::size_t> points);

}  // namespace nelbo::annealing
