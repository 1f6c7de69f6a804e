#pragma once
#include <span>
#include <vector>

namespace nelbo {

/// The ranks 1 .. N of numbers, equal ones with the mean of theirs: Spearman's.
std::vector<double> mid_ranks(std::span<const double> x);

}  // namespace nelbo
