#pragma once
#include <optional>
#include <vector>

#include "models/worlds/discrete_model.hpp"
#include "objectives/bounds/bound.hpp"
#include "objectives/estimators/choice.hpp"

namespace nelbo::gradvar {

/// Exact moments of an estimator's gradient of the mean bound over all data, nats per datum, by
/// parameter in the layout of the store.
struct ExactMoments {
  std::vector<double> mean, variance;
};

/// The sum over all tuples of S codes of every datum, each times its probability: of disarm over
/// all S / 2 antithetic pairs. Nothing where the gradient depends on more than the codes (relaxed
/// ones, a baseline that is learned, dreams), and for more than 300,000 tuples. The estimators are
/// defined for the bound.
std::optional<ExactMoments> exact_moments(const DiscreteModel& model, const Bound& bound,
                                          const EstimatorChoice& choice);

}  // namespace nelbo::gradvar
