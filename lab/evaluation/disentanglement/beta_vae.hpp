#pragma once
#include <cstdint>

#include "lab/evaluation/disentanglement/points.hpp"

namespace nelbo::disentanglement {

/// Whether the differences of codes are taken to variance 1 before the classifier sees them.
enum class PairFeatures { standardised, unscaled };

/// The score of Higgins et al. (2017): 64 pairs of points share one factor's value, and a multinomial
/// logistic regression (C = 1) says which from the mean over the pairs of |c(x) - c(x')|, [D]; 10,000
/// examples teach it, the score is its accuracy on 5,000 others with its binomial error, which does not
/// hold that of the training. A pair is any point and another of its class, which on a full grid is the
/// published protocol. Standardised differences make it independent of the code's scale; unscaled ones,
/// as disentanglement_lib has them, lose to the penalty where the code is small.
/// Lies: a factor of which the code says nothing is known by its absence, so a code without one of the
/// factors scores nearly 1.
/// Of a constant code 0, not the chance 1/K; unscaled 1/K, as disentanglement_lib.
/// Throws Error where a factor cannot be held fixed.
Score beta_vae(const Points& points, std::uint64_t seed,
               PairFeatures features = PairFeatures::standardised);

}  // namespace nelbo::disentanglement
