#pragma once
// nelbo's scores by votes, probes and moments.
#include <functional>
#include <string>
#include <vector>

#include "lab/evaluation/disentanglement/representation.hpp"
#include "lab/evaluation/disentanglement/score_group.hpp"

namespace nelbo::disentanglement {

/// Adds what `score` says; of points that it refuses NaN, and its reason as the variant.
void add_score(std::vector<Measured>& to, const std::string& name, const std::string& variant,
               const std::function<Score()>& score);

/// Sections of metrics: explicitness and dci_informativeness, factor_vae, beta_vae, irs, and gaussian_tc with
/// what belongs to it and active_units.
void add_probes(const Representation& of, Measurement& to);
void add_factor_vae(const Representation& of, Measurement& to);
void add_beta_vae(const Representation& of, Measurement& to);
void add_irs(const Representation& of, Measurement& to);
void add_dependence(const Representation& of, Measurement& to);

}  // namespace nelbo::disentanglement
