#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "lab/evaluation/disentanglement/points.hpp"

namespace nelbo::disentanglement {

struct FactorVae {
  Score score;                    ///< with the binomial error of 5,000 votes
  std::vector<std::size_t> kept;  ///< dimensions that may be voted for, ascending, of the full code
  std::vector<std::int32_t>
      says;  ///< [D], the factor that a dimension votes for; -1: it never voted
};

/// The score of Kim & Mnih (2018): 64 points with one factor held fixed vote for the dimension of least
/// variance, over that of all points; the score is the share of 5,000 votes whose dimension is most
/// often, among 10,000 others, that of the factor (ties: the first). Points are drawn with replacement
/// from those of a class, which on a full grid is the published protocol. Only live_dimensions() vote,
/// so that scaling a code changes nothing; none: 0.
/// Lies: one factor missing among K costs no more than 1/K.
/// Throws Error where a factor cannot be held fixed.
FactorVae factor_vae(const Points& points, std::uint64_t seed);

/// The same with a choice of the dimensions that vote.
FactorVae factor_vae(const Points& points, std::span<const std::size_t> kept, std::uint64_t seed);

}  // namespace nelbo::disentanglement
