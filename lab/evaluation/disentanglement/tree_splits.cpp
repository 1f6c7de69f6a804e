#include "lab/evaluation/disentanglement/tree_splits.hpp"

#include <algorithm>

#include "lab/evaluation/disentanglement/disentanglement_lib.hpp"
#include "lab/evaluation/disentanglement/make_points.hpp"
#include "lab/evaluation/disentanglement/matrix_scores.hpp"
#include "lab/evaluation/disentanglement/votes.hpp"

namespace nelbo::disentanglement {
namespace {

// Time goes with dimensions x classes.
constexpr std::size_t most_dimensions_with_error = 32, most_dimensions = 128;
constexpr Jackknife jackknife{.groups = 5};

}  // namespace

std::size_t tree_splits(Dialect like, std::size_t count, std::size_t dimensions, bool errors) {
  switch (like) {
    case Dialect::chen:
      return 0;
    case Dialect::disentanglement_lib:
      return 1 + (errors ? JackknifeGroups::number_of(training_votes, jackknife) : 0);
    case Dialect::nelbo:
      break;
  }
  if (dimensions > most_dimensions || count < least_points) return 0;
  if (!errors || dimensions > most_dimensions_with_error) return 1;
  return 1 + JackknifeGroups::number_of(std::min(count, training_votes + test_votes), jackknife);
}

Split tree_split(const Representation& of, std::size_t number) {
  const bool of_library = of.options().like == Dialect::disentanglement_lib;
  Split all =
      of_library ? drawn_points(of.points(), of.seed()) : split_points(of.points(), of.seed());
  if (number == 0) return all;
  // The library's held-out points stay what they are.
  const std::size_t count = all.train.count() + (of_library ? 0 : all.test.count());
  const auto rows = JackknifeGroups(count, of.seed(), jackknife).without(number - 1);
  if (!of_library) return rows_of(all, rows);
  return {rows_of(all.train, rows), std::move(all.test)};
}

void add_trees(Dialect like, std::span<const TreeScores> grown, Measurement& to) {
  if (like == Dialect::disentanglement_lib) {
    add_tree_scores_of_library(grown, to);
  } else {
    add_tree_scores(grown, to);
  }
}

}  // namespace nelbo::disentanglement
