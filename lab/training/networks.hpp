#pragma once
#include <cstdint>
#include <memory>
#include <vector>

#include "lab/training/run_config.hpp"
#include "autodiff/parameters.hpp"
#include "models/vae.hpp"
#include "objectives/draw/critic.hpp"
#include "objectives/estimators/baseline.hpp"

namespace nelbo {

/// The networks of a run.
struct Networks {
  std::unique_ptr<Vae> model;
  std::unique_ptr<Critic> critic;      // where the objective asks for one
  std::unique_ptr<Baseline> baseline;  // where the estimator does
};

/// The architecture that the settings name, for examples of this shape and these moments, the
/// critic of the objective and the baseline of the estimator; their parameters are declared in
/// `store` and initialised from the seed.
Networks make_networks(const TrainConfig& config, const std::vector<std::int64_t>& example,
                       const DataMoments& moments, ParameterStore& store);

/// All groups but those of the critic and the baseline, which learn by themselves.
std::vector<std::string> model_groups(const ParameterStore& store);

}  // namespace nelbo
