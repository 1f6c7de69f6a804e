#pragma once
#include "lab/evaluation/disentanglement/held_out.hpp"
#include "lab/evaluation/disentanglement/matrix.hpp"

namespace nelbo::disentanglement {

struct TreeScores {
  Matrix
      importances;  ///< [D, K], of each factor's trees the shares of what splits by code d gained;
                    ///< columns sum to 1, or are 0 where nothing could be split
  Score
      informativeness;  ///< mean over factors of the accuracy over held-out classes, and their error
};

/// Boosted trees (learners/boosted_trees.hpp: 100 rounds, depth 3, rate .1) of each factor's classes on
/// all codes: the importances and the accuracy of DCI (Eastwood & Williams 2018) as disentanglement_lib
/// has them. Of two equal codes trees choose the first.
TreeScores tree_scores(const Split& points);

}  // namespace nelbo::disentanglement
