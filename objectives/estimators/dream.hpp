#pragma once
#include "models/model.hpp"

namespace nelbo {

class Draw;  // objectives/draw/draw.hpp

namespace estimators {

/// log Q(z|x) at codes z [1, B, D] and data x that the model dreams of them from noise [.., B, X] of the
/// kind model.likelihood()->noise(): [1, B], nats. Neither z nor x carries a gradient. Hinton et al.
/// (1995), the sleep phase. Throws Error for a model without decoder.
Var dream_log_posterior(const Model& model, Var z, Var noise, std::optional<Var> condition = {});

/// The same at codes of the prior, one for every datum of a draw.
Var dream_log_posterior(Draw& draw);

}  // namespace estimators
}  // namespace nelbo
