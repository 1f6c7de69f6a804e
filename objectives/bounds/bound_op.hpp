#pragma once
#include "autodiff/tape.hpp"
#include "objectives/bounds/bound.hpp"

namespace nelbo {

/// A bound with its coefficients, as recorded.
struct BoundVars {
  Var value;  // [B], nats; differentiable
  Var a;      // [S, B], dL/df_s; data: no gradient passes
  Var h;      // [S, B], d2L/df_s^2; data
};

/// L of every datum of log-weights f [S, B], S = bound.samples(), one call of the bound per datum
/// in double. Zheng eqs (38)-(40). The same bits on any number of threads; does not allocate when
/// replayed. Throws Error if f is not [S, B].
BoundVars bound_with_coefficients(const Bound& bound, Var f);

/// Its value alone, [B].
Var bound_value(const Bound& bound, Var f);

}  // namespace nelbo
