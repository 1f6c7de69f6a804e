#pragma once
#include <cstdint>
#include <functional>
#include <vector>

#include "lab/evaluation/disentanglement/points.hpp"

namespace nelbo::disentanglement {

/// Numbers that are functions of points, with standard errors by the jackknife that leaves out each of 20
/// random groups of points in turn, s^2 = 19/20 sum_g (value without g - their mean)^2: it may be trusted
/// of quantiles too, unlike the jackknife of single points (Shao & Wu 1989). NaN where a value is not
/// finite, or of fewer than 40 points. `values_of` is called from several threads.
std::vector<Score> jackknifed(const Points& points, std::uint64_t seed,
                              const std::function<std::vector<double>(const Points&)>& values_of);

}  // namespace nelbo::disentanglement
