#pragma once
#include <cstddef>
#include <vector>

#include "lab/evaluation/disentanglement/points.hpp"

namespace nelbo::disentanglement {

/// Dimensions whose mean KL(Q(Z_d|x) || N(0, 1)) is not above this many nats say next to nothing.
inline constexpr double least_kl = 0.01;

/// The mean over the points of KL(Q(Z_d|x) || N(0, 1)) in nats, [D]; of points with variances.
std::vector<double> mean_kl(const Points& points);

/// The numbers of the dimensions that a code uses, ascending: those that are not constant, with
/// variances of mean KL above least_kl; whatever their scale is.
std::vector<std::size_t> live_dimensions(const Points& points);

}  // namespace nelbo::disentanglement
