#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "lab/evaluation/disentanglement/score_group.hpp"

namespace nelbo::disentanglement {

/// Adds what `score` says; of points that it refuses NaN, and its reason as the variant.
void add_score(std::vector<Measured>& to, const std::string& name, const std::string& variant,
               const std::function<Score()>& score);

/// nelbo's scores by votes, probes and moments: factor_vae, beta_vae, explicitness,
/// dci_informativeness, irs, gaussian_tc and what belongs to it, active_units. Without `errors` none are
/// sought that would cost more than the scores.
void add_learned_scores(const Points& points, std::uint64_t seed, bool errors,
                        std::vector<Measured>& to);

}  // namespace nelbo::disentanglement
