#pragma once
#include <cstdint>
#include <vector>

#include "lab/evaluation/disentanglement/jackknife.hpp"
#include "lab/evaluation/disentanglement/matrix.hpp"
#include "lab/evaluation/disentanglement/points.hpp"

namespace nelbo::disentanglement {

/// What a code's deviations are measured by.
enum class RobustnessScale {
  quantile,  ///< the .99-quantile of all |c_d - mean|: what knows nothing of a factor scores 0
  maximum,   ///< the largest, as Suter et al. and disentanglement_lib: Gaussian noise scores .35
};

/// max_n |c_d - mean| of every code, [D].
std::vector<double> largest_deviations(const Points& points);

/// How little code d moves when factor k is held fixed, [D, K]: 1 - q_d|k / Q_d, not below 0, where q_d|k
/// is the mean over the values of k of the .99-quantile of |c_d - E[c_d | v_k]| and Q_d what the scale
/// says; 0 of a constant code.
Matrix robustness(const Points& points, RobustnessScale scale);

/// Interventional robustness (Suter et al. 2019): the mean of each code's best robustness. Codes are
/// weighted by the share of their variance that their best factor explains, less what chance explains;
/// those in which that is within 4 standard deviations of chance are dead and do not count, whatever
/// their scale is; none alive: 0. A 45 degree rotation of two uniform factors scores 1 - .99 / 1.8 = .45.
/// Its error is by the jackknife.
/// Lies: what a factor does to a code's spread, not to its mean, is invisible.
Score irs(const Points& points, std::uint64_t seed, Jackknife jackknife = {});

}  // namespace nelbo::disentanglement
