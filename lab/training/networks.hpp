#pragma once
#include <memory>

#include "autodiff/parameters.hpp"
#include "lab/training/train_plan.hpp"
#include "models/data_moments.hpp"
#include "models/model.hpp"
#include "objectives/draw/auxiliary.hpp"

namespace nelbo {

/// The networks of a run.
struct Networks {
  std::unique_ptr<Model> model;
  Auxiliaries auxiliaries;  // of the objective and the estimator

  /// All groups but the auxiliaries', which learn by themselves.
  Groups groups() const;
};

/// The model and the networks that learn beside it, of examples of the plan's shape and these moments;
/// their parameters are declared in `store`, which is left to be frozen.
Networks declare_networks(const TrainPlan& plan, const DataMoments& moments, ParameterStore& store);
/// The same, initialised from the seed.
Networks make_networks(const TrainPlan& plan, const DataMoments& moments, ParameterStore& store);

}  // namespace nelbo
