#pragma once
#include "lab/evaluation/disentanglement/held_out.hpp"
#include "lab/evaluation/disentanglement/matrix.hpp"

namespace nelbo::disentanglement {

/// How well one code tells a factor's class by thresholds, [D, K]: the accuracy of the best partition of
/// the line into at most m_k intervals, over that of the most frequent class: (accuracy - chance) / (1 -
/// chance), not below 0. Learned on some points, scored on others. Its gap is
/// sap.threshold, what SAP's linear classifiers of one code (Kumar et al. 2018) should have said: they
/// cannot set an inner class apart, and a perfect code of dSprites' factors ends at .23.
Matrix threshold_matrix(const Split& points);

}  // namespace nelbo::disentanglement
