#pragma once
// What a dialect measures, cut into sections that need nothing of each other.
#include <span>

#include "lab/evaluation/disentanglement/evaluation.hpp"
#include "lab/evaluation/disentanglement/representation.hpp"
#include "lab/evaluation/disentanglement/score_group.hpp"

namespace nelbo::disentanglement {

/// Adds metrics that come of one computation, and their matrices.
using Section = void (*)(const Representation& of, Measurement& to);

/// All of a dialect but boosted trees (tree_splits.hpp), in the order in which metrics are listed.
std::span<const Section> sections_of(Dialect like);
/// Those of nelbo's own definitions: the first four are counted, correlated or sampled.
std::span<const Section> own_sections();

/// What these sections say of a representation.
Measurement measure(std::span<const Section> sections, const Representation& of);

}  // namespace nelbo::disentanglement
