#pragma once
// Scores of matrices [D, K] of Lasso coefficients, thresholds and tree importances, over the codes that are not
// dead: the gap as sap.lasso, sap.threshold and sap.trees, D, C, modularity and MIG-SUP as
// "dci_disentanglement.lasso" and so on. Errors are by the jackknife.
#include <span>

#include "lab/evaluation/disentanglement/representation.hpp"
#include "lab/evaluation/disentanglement/score_group.hpp"
#include "lab/evaluation/disentanglement/tree_scores.hpp"

namespace nelbo::disentanglement {

/// Sections of metrics.
void add_lasso(const Representation& of, Measurement& to);
void add_threshold(const Representation& of, Measurement& to);

/// The scores of trees, and dci_informativeness.trees, over what is active in `to`. `grown`: on all points,
/// and on those without each group of the jackknife, if there are errors. Held-out accuracy has the error of
/// its points.
void add_tree_scores(std::span<const TreeScores> grown, Measurement& to);

}  // namespace nelbo::disentanglement
