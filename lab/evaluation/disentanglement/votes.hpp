#pragma once
#include <cmath>
#include <cstddef>

#include "lab/evaluation/disentanglement/points.hpp"

namespace nelbo::disentanglement {

// The protocol that the metrics of the literature share (Locatello et al. 2019).
inline constexpr std::size_t training_votes = 10000, test_votes = 5000;
inline constexpr std::size_t vote_batch = 64;  ///< points, or pairs of points, of a vote

/// The share of votes that are right with its binomial standard error.
inline Score share_of_votes(std::size_t right, std::size_t votes) {
  const double share = double(right) / double(votes);
  return {share, std::sqrt(share * (1 - share) / double(votes))};
}

}  // namespace nelbo::disentanglement
