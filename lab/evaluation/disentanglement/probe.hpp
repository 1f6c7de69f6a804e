#pragma once
#include <cstdint>
#include <vector>

#include "lab/evaluation/disentanglement/points.hpp"

namespace nelbo::disentanglement {

/// What linear probes read out of a code: one multinomial logistic regression for each factor.
struct ProbeScores {
  Score explicitness;     ///< mean over factors of 2 AUC - 1
  Score informativeness;  ///< mean over factors of accuracy; of continuous factors R^2
  std::vector<double> explicitness_of, informativeness_of;  ///< by factor, [K]
};

/// Probes see all dimensions, taken to variance 1 over the training points, and learn P(class | code) by
/// a softmax of linear scores with next to no penalty (C = 10,000), on 10,000 points; held out are 5,000
/// others (of fewer than 15,000 points a third). Explicitness (Ridgeway & Mozer 2018) is the area under
/// the ROC curve of a class's probability, rescaled so that 0 is chance, averaged over the classes and
/// factors. As the softmax can set an inner class of an ordered factor apart, a perfect code of one
/// dimension a factor scores 1, where separate one-vs-rest probes end at .781 on dSprites' grid.
/// Informativeness (Eastwood & Williams 2018; higher is better) is their accuracy, of continuous factors
/// the R^2 of least squares. Standard errors are over the held-out points (areas by DeLong's
/// influences): they hold nothing of the training points' chance.
/// Lies: what a code says in a way that is not linear counts as unknown.
/// Throws Error for fewer than 6 points.
ProbeScores probe_scores(const Points& points, std::uint64_t seed);

}  // namespace nelbo::disentanglement
