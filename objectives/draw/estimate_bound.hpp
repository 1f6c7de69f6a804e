#pragma once
#include "objectives/bounds/bound.hpp"
#include "objectives/draw/draw.hpp"

namespace nelbo {

/// The bound on each datum's log-weights, [B], nats: Zheng eqs (36)-(40). Of a draw with more
/// than its S samples it takes the first S; the ELBO is the mean over all. Its value does not
/// depend on the draw's estimation (but for piwae's, and closed-form Div), its gradient is what the
/// estimation says; enumeration reports its own. Throws Error for fewer samples, and where the
/// estimator is not defined, or not for this model.
Var estimate(Draw& draw, const Bound& bound);

// For estimators ----------------------------------------------------------------------------------
/// A bound's share [S, B] of what a draw with at least its S samples has.
Var first_samples(Var x, const Bound& bound);
/// The bound [B] of a draw's samples, differentiated as it is.
Var sampled_bound(Draw& draw, const Bound& bound);

}  // namespace nelbo
