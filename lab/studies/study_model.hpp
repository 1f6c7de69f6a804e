#pragma once
#include <functional>
#include <optional>
#include <string>

#include "autodiff/parameters.hpp"
#include "autodiff/tape.hpp"
#include "models/posteriors/posterior.hpp"
#include "models/posterior_config.hpp"
#include "models/worlds/discrete_model.hpp"
#include "models/worlds/linear_gaussian_model.hpp"
#include "models/worlds/rainforth.hpp"
#include "objectives/estimators/baseline.hpp"

namespace nelbo {
class Vae;
}

namespace nelbo::gradvar {

/// What a study runs: a latent-variable model at fixed data, as functions
/// that record on the current tape. What they refer to must outlive it.
struct StudyModel {
  /// log P(x|z) and log P0(z), [S, B], nats.
  struct LogJoint {
    Var joint;                      // their sum
    std::optional<Var> likelihood;  // alone, where the model gives it
  };
  /// log Q(z|x) [1, B] at pairs that the model dreams, and the leaves that it does so from.
  struct Dream {
    Var log_posterior;
    Var prior_noise;  // [1, B, .], normal
    Var data_noise;   // [1, B, X]
    Noise data_noise_kind;
  };

  const ParameterStore* store;
  Tensor x;             // [B, X], of the store's type
  std::int64_t latent;  // D, numbers of a code
  std::function<Posterior(Var x)> posterior;
  std::function<LogJoint(Var z, Var x)> log_joint;
  std::function<Var(const Posterior&)> kl = {};  // KL(Q || P0) [B], where it has a closed form
  std::function<Dream(std::int64_t batch)> dream = {};
  const Baseline* baseline = nullptr;  // a trained one
  bool prior_moves_phi = false;        // the prior depends on the encoder (VampPrior)
  PosteriorConfig family = {};         // of posterior

  std::int64_t batch() const { return x.shape()[0]; }
};

/// The models must outlive what is made of them.
StudyModel study_of(const RainforthToy& toy, const ParameterStore& store);
StudyModel study_of(const LinearGaussianModel& model, const Tensor& x);
/// At all its data.
StudyModel study_of(const DiscreteModel& model);
StudyModel study_of(const Vae& model, const ParameterStore& store, const Tensor& x,
                    const Baseline* baseline);

}  // namespace nelbo::gradvar
