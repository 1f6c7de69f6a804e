#pragma once
#include "lab/evaluation/disentanglement/held_out.hpp"

namespace nelbo::disentanglement {

struct OneVsRestScores {
  Score normalised;  ///< areas of the probabilities after their sum over classes is made 1
  Score separate;    ///< areas of each class's own probability
};

/// Explicitness as disentanglement_lib has it: for each factor the mean area under the ROC curves of
/// one-vs-rest logistic regressions (C = 1, intercept penalised: scikit-learn's default before 0.22) on
/// codes of variance 1, not rescaled, so that chance is .5. With errors over the held-out points.
/// Lies: a class between others cannot be set apart on one ordered dimension: separate regressions of a
/// perfect code end at mean_c max(c, m - 1 - c) / (m - 1), .781 on dSprites' grid; making their sum 1, as
/// the library's predict_proba does, lifts that to about .94. A code that spreads a factor over several
/// dimensions scores higher than a perfect one.
OneVsRestScores one_vs_rest_scores(const Split& points);

}  // namespace nelbo::disentanglement
