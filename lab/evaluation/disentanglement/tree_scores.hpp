#pragma once
#include <cstddef>
#include <span>
#include <vector>

#include "lab/evaluation/disentanglement/held_out.hpp"
#include "lab/evaluation/disentanglement/matrix.hpp"

namespace nelbo::disentanglement {

/// What the boosted trees of one factor's classes say.
struct FactorTrees {
  std::vector<double> importances;  ///< [D], shares of what splits by each code gained; 0 where
                                    ///< nothing could be split
  HeldOut right;                    ///< accuracy over held-out points
};

struct TreeScores {
  Matrix importances;  ///< [D, K], a column of each factor
  Score
      informativeness;  ///< mean over factors of the accuracy over held-out classes, and their error
};

/// Boosted trees (learners/boosted_trees.hpp: 100 rounds, depth 3, rate .1) of the classes of factor k on
/// all codes. Of two equal codes trees choose the first.
FactorTrees factor_trees(const Split& points, std::size_t k);

/// Of the trees of all factors: the importances and the accuracy of DCI (Eastwood & Williams 2018) as
/// disentanglement_lib has them. Throws Error for factors whose trees are not of the same codes.
TreeScores tree_scores(std::span<const FactorTrees> factors);

}  // namespace nelbo::disentanglement
