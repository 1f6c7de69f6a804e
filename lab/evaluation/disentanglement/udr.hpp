#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "lab/evaluation/disentanglement/points.hpp"

namespace nelbo::disentanglement {

/// Unsupervised disentanglement ranking of every model, [models].
struct Udr {
  std::vector<Score> lasso;     ///< likeness by |coefficients| of a Lasso (penalty .1)
  std::vector<Score> spearman;  ///< likeness by |rank correlations|
};

/// How alike the codes of models of other seeds are dimension by dimension (Duan et al. 2020): for codes a
/// of model i and b of model j, both taken to variance 1, a likeness S[a, b];
///   R_ij = (mean_b max_a S^2 / sum_a S + mean_a max_b S^2 / sum_b S) / 2, 0 / 0 = 0,
/// and the score of i is the median of R_ij over the others. Only live_dimensions() count; a model
/// without any scores 0. Factors are not looked at. Of codes of the same N points, [N, D_i]; of more than
/// 10,000 points those that some_points chooses. Errors are by the jackknife over the points: they hold
/// nothing of the choice of seeds.
/// Two equal models score .9 exactly under Lasso, 1 - penalty, where their codes are uncorrelated, and 1
/// under rank correlation.
/// Lies: models that mix factors all alike agree.
/// Throws Error for fewer than 2 models and for other numbers of points.
Udr udr(std::span<const Points> models, std::uint64_t seed);

}  // namespace nelbo::disentanglement
