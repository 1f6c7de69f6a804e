#pragma once
#include <memory>

#include "models/model.hpp"

namespace nelbo {

/// A model of x = (y - mean) / deviation as one of y: log P(y|z) = log P(x|z) - log_volume with
/// log_volume = sum_i ln deviation_i, the Jacobian's logarithm, in nats. Codes, networks and
/// parameters are the model's own; x stays what it is shown. A likelihood that is a probability mass
/// (Likelihood::is_mass) has no volume and stays as it is.
std::unique_ptr<Model> in_units(std::unique_ptr<Model> model, double log_volume);

}  // namespace nelbo
