#pragma once
#include <span>

#include "lab/evaluation/disentanglement/held_out.hpp"

namespace nelbo::disentanglement {

/// The mean over a factor's classes of the area under the ROC curve of `scores` [N, m_k] of held-out
/// points; classes that none or all of the points have do not count, and where there are no others it is
/// 1/2.
HeldOut mean_area(std::span<const double> scores, const Factor& truth);

}  // namespace nelbo::disentanglement
