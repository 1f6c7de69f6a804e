#pragma once
#include <cstddef>
#include <span>

#include "lab/evaluation/disentanglement/held_out.hpp"
#include "lab/evaluation/disentanglement/representation.hpp"
#include "lab/evaluation/disentanglement/score_group.hpp"
#include "lab/evaluation/disentanglement/tree_scores.hpp"

namespace nelbo::disentanglement {

/// On how many sets of points the dialect grows boosted trees, of `count` points of `dimensions` codes: all
/// points, and with errors those without each group of a jackknife in turn, 5 groups. Trees take long: of nelbo's
/// own definitions more than 32 dimensions have no errors, and more than 128, or fewer than 6 points, have no
/// trees.
std::size_t tree_splits(Dialect like, std::size_t count, std::size_t dimensions, bool errors);

/// Set `number` of them: points that learn and those that are scored.
Split tree_split(const Representation& of, std::size_t number);

/// What trees say of each set, as the dialect scores it. `to` holds what all other sections say.
void add_trees(Dialect like, std::span<const TreeScores> grown, Measurement& to);

}  // namespace nelbo::disentanglement
