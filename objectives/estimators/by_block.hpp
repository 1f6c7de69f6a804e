#pragma once
#include <vector>

#include "objectives/estimators/estimator.hpp"

namespace nelbo::estimators {

/// An estimator for each block of a mixed code, in their order, the last one also for all further blocks:
/// "reparam+rloo". With Q(z|x) = prod_i Q_i(z_i|x) the gradient for phi is the sum of what each Q_i's parameters
/// get, the other blocks being given: of a block whose estimator differentiates through samples
///   sum_s path_s d/dz_i [log P(x|z_s) + log P0(z_s) - log Q_i(z_is|x)] dz_is/dphi,
/// of every block sum_s score_is grad log Q_i(z_i|x) at fixed z_is, and what else its rule says of its own
/// log Q. Unbiased where each of them is. Throws Error for fewer than 2.
Estimator by_block(const std::vector<Estimator>& blocks);

}  // namespace nelbo::estimators
