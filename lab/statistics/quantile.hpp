#pragma once
#include <span>

namespace nelbo {

/// The p-quantile of numbers, which are put into another order: between the order statistics about
/// (N - 1) p it is linear (type 7 of Hyndman & Fan 1996, NumPy's default). NaN of none.
double quantile(std::span<double> x, double p);

}  // namespace nelbo
