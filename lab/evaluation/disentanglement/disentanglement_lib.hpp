#pragma once
// The metrics of disentanglement_lib (Locatello et al. 2019) that need votes, learners or deviations, defects
// included; those that count information are in dialects.cpp.
#include <cstdint>

#include "lab/evaluation/disentanglement/held_out.hpp"
#include "lab/evaluation/disentanglement/score_group.hpp"

namespace nelbo::disentanglement {

/// Its points: 10,000 that learn and 5,000 that are scored, drawn with replacement, which on a full grid
/// is to draw the factors independently.
Split drawn_points(const Points& points, std::uint64_t seed);

/// IRS as the library has it: factors cut into 20 bins of equal width, deviations over the largest one,
/// codes weighted by it. Lies: Gaussian noise scores about .35 at 10,000 points, as a .99-quantile is
/// smaller than a maximum whatever the code says.
double irs_of_maxima(const Points& points);

/// sap, dci_*, explicitness, factor_vae, beta_vae, irs, gaussian_tc and gaussian_wasserstein by the
/// library's definitions, each variant with its defects, and the matrices behind them. Errors of what trees
/// grow are by a jackknife of 5 groups, of other learners over the held-out points. Votes on a factor that
/// cannot be held fixed are NaN with the reason as variant.
Measurement learned_like_disentanglement_lib(const Points& points, std::uint64_t seed, bool errors,
                                             Trees trees = Trees::grown);

}  // namespace nelbo::disentanglement
