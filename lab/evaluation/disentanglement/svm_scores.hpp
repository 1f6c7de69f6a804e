#pragma once
#include "lab/evaluation/disentanglement/held_out.hpp"
#include "lab/evaluation/disentanglement/matrix.hpp"

namespace nelbo::disentanglement {

struct SvmScores {
  Matrix accuracies;  ///< [D, K], over the held-out points
  Score sap;          ///< their gap, with its error over the held-out points
};

/// SAP as disentanglement_lib has it of discrete factors: one-vs-rest linear support vector machines
/// (squared hinge, C = .01, classes balanced, intercept penalised; scikit-learn's LinearSVC, run to
/// convergence) on each code alone, unscaled.
/// Lies: lines cannot set an inner class of an ordered factor apart, so a perfect code of 3, 6, 40 and 32
/// values is known to 1, .51, .07 and .09 and scores .23 on dSprites' grid; nothing is taken off for chance;
/// small codes lose to the penalty.
SvmScores svm_scores(const Split& points);

}  // namespace nelbo::disentanglement
