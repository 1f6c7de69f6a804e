#pragma once
#include <optional>

#include "lab/evaluation/disentanglement/matrix.hpp"
#include "lab/evaluation/disentanglement/points.hpp"

namespace nelbo::disentanglement {

/// I(z_d; v_k) in nats, [D, K], of z ~ Q(Z|x) over these very points: the marginals q(z_d) and q(z_d | v)
/// are finite mixtures of normals, and the integral of sum_v p(v) q(z | v) log q(z | v) / q(z) is taken by
/// the trapezoid rule at half the least standard deviation, whose error is far below 1e-6. Nothing where
/// the standard deviations of a dimension are so uneven that this takes too much memory or time. The
/// points must have variances.
std::optional<Matrix> exact_information(const Points& points);

}  // namespace nelbo::disentanglement
