#pragma once
// Linear algebra on the last two axes; leading axes [..., D, D] are a batch. Derivatives as in I.
// Murray, "Differentiation of the Cholesky decomposition" (2016).
#include "autodiff/tape.hpp"

namespace nelbo {

/// The lower triangular L with L L' = a of symmetric positive definite a [..., D, D]. Only the
/// lower triangle of a is read; its gradient is symmetric, so that moving a along a symmetric
/// matrix is what it describes. All of L is NaN where a is not positive definite: nothing is
/// thrown, because a recorded tape does not look at values.
Var cholesky(Var a);

/// Which system triangular_solve solves: l x = b or l' x = b.
enum class Side { plain, transposed };

/// x [..., D, K] with l x = b (or l' x = b) for lower triangular l [..., D, D] and b [..., D, K];
/// what stands above the diagonal of l is not read and has gradient 0. Both operands have the same
/// leading axes. A zero on the diagonal gives infinities or NaN.
Var triangular_solve(Var l, Var b, Side side = Side::plain);

/// log |det(l l')| = 2 sum_d log |l_dd| of a Cholesky factor l [..., D, D]: [...]. For symmetric
/// positive definite a: log_determinant(cholesky(a)).
Var log_determinant(Var l);

/// The lower triangular [..., D, D] of its diagonal [..., D] and what stands below, row by row:
/// (1, 0), (2, 0), (2, 1), ... [..., D (D - 1) / 2]. Throws Error if the shapes do not fit.
Var lower_triangular(Var diagonal, Var below);

}  // namespace nelbo
