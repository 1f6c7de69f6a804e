#pragma once
#include "lab/evaluation/disentanglement/matrix.hpp"
#include "lab/evaluation/disentanglement/points.hpp"

namespace nelbo::disentanglement {

/// The penalty of the matrix: coefficients of codes and factors of variance 1 lie in [0, 1].
inline constexpr double lasso_penalty = 0.02;

/// |w|, [D, K], of a Lasso of each factor's values on all codes, both taken to variance 1 (Eastwood &
/// Williams 2018, whose penalty is tuned; here it is fixed). A perfect code's coefficient is 1 -
/// lasso_penalty. Of two equal codes it may choose one. With one-dimensional codes of a circle or an
/// unordered factor it sees little: only what is linear counts.
Matrix lasso_matrix(const Points& points);

}  // namespace nelbo::disentanglement
