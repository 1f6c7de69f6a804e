#pragma once
#include "lab/evaluation/disentanglement/contingency.hpp"
#include "lab/evaluation/disentanglement/matrix.hpp"
#include "lab/evaluation/disentanglement/points.hpp"

namespace nelbo::disentanglement {

/// The squares of Pearson's correlations of codes and the values of factors, [D, K], as Kumar et al.
/// (2018) score continuous factors; 0 where either is constant.
Matrix squared_correlation(const Points& points, PointWeights weights = {});

}  // namespace nelbo::disentanglement
