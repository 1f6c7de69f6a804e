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

/// Why the estimators cannot be had for a bound of the model; empty where they can. `one_sweep`: whether
/// one backward pass serves all groups. One rule for training and studies.
std::string unfit(const EstimatorChoice& estimators, const Bound& bound, const Model& model,
                  bool one_sweep);

}  // namespace nelbo
