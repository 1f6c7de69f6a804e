#pragma once
#include <string>

#include "models/model.hpp"
#include "objectives/algebra/term.hpp"
#include "objectives/estimators/choice.hpp"

namespace nelbo {

/// Why the estimators cannot be had for an objective of the model; empty where they can. They are for its
/// bounds and, of discrete codes, for its means over samples. The one rule of training and studies.
std::string unfit(const EstimatorChoice& estimators, const Term& objective, const Model& model);

/// Why a model cannot be trained for the objective whose P(x|z) has a parameter of the whole batch
/// (Likelihood::of_batch): where log-weights of single data are weighed. Empty where it can, and for other
/// models.
std::string unfit_of_batch(const EstimatorChoice& estimators, const Term& objective,
                           const Model& model);

}  // namespace nelbo
