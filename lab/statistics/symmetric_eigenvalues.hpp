#pragma once
#include <cstddef>
#include <vector>

namespace nelbo {

/// The eigenvalues, ascending, of a symmetric matrix [n, n], n >= 1, by reflections to a tridiagonal one
/// and its implicit QR steps: each to about n units in the last place of the largest. NaN of a matrix
/// that is not finite.
std::vector<double> symmetric_eigenvalues(std::vector<double> matrix, std::size_t n);

}  // namespace nelbo
