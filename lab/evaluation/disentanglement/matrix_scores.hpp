#pragma once
#include <cstdint>

#include "lab/evaluation/disentanglement/score_group.hpp"

namespace nelbo::disentanglement {

/// Adds the matrices of Lasso coefficients, thresholds and tree importances, and what scores them, over
/// the codes that are active in `to`: the gap as sap.lasso, sap.threshold and sap.trees, D, C, modularity and
/// MIG-SUP as "dci_disentanglement.lasso" and so on, dci_informativeness.trees. Errors are by the
/// jackknife: 20 groups of points, 5 of trees, whose held-out accuracy has that of the points. Trees take
/// long: of more than 32 dimensions they have no errors, of more than 128, or of fewer than
/// 6 points, they are not grown. Throws Error of fewer than 2 points.
void add_matrix_scores(const Points& points, std::uint64_t seed, bool errors, Trees trees,
                       Measurement& to);

}  // namespace nelbo::disentanglement
