#pragma once
// The metrics of disentanglement_lib (Locatello et al. 2019) that need votes, learners or deviations, defects
// included; those that count information are in dialects.cpp.
#include <cstdint>
#include <span>

#include "lab/evaluation/disentanglement/held_out.hpp"
#include "lab/evaluation/disentanglement/representation.hpp"
#include "lab/evaluation/disentanglement/score_group.hpp"
#include "lab/evaluation/disentanglement/tree_scores.hpp"

namespace nelbo::disentanglement {

/// Its points: 10,000 that learn and 5,000 that are scored, drawn with replacement, which on a full grid
/// is to draw the factors independently.
Split drawn_points(const Points& points, std::uint64_t seed);

/// IRS as the library has it: factors cut into 20 bins of equal width, deviations over the largest one,
/// codes weighted by it. Lies: Gaussian noise scores about .35 at 10,000 points, as a .99-quantile is
/// smaller than a maximum whatever the code says.
double irs_of_maxima(const Points& points);

/// Sections of metrics by the library's definitions, each variant with its defects, and the matrices behind
/// them: factor_vae and beta_vae; sap; explicitness; irs, gaussian_tc and gaussian_wasserstein. Errors of
/// learners are over the held-out points. Votes on a factor that cannot be held fixed are NaN with the reason as
/// variant.
void add_votes_of_library(const Representation& of, Measurement& to);
void add_svm_of_library(const Representation& of, Measurement& to);
void add_explicitness_of_library(const Representation& of, Measurement& to);
void add_moments_of_library(const Representation& of, Measurement& to);

/// dci_* of boosted trees, `grown` on its points, and on those without each group of a jackknife if there are
/// errors.
void add_tree_scores_of_library(std::span<const TreeScores> grown, Measurement& to);

}  // namespace nelbo::disentanglement
