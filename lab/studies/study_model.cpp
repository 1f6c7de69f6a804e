#include "lab/studies/study_model.hpp"

#include "autodiff/ops.hpp"
#include "models/vae.hpp"

namespace nelbo::gradvar {

StudyModel study_of(const RainforthToy& toy, const ParameterStore& store) {
  return {.store = &store,
          .x = toy.x(),
          .latent = toy.config().dimensions,
          .posterior = [&toy](Var x) { return toy.posterior(x); },
          .log_joint =
              [&toy](Var z, Var x) {
                return StudyModel::LogJoint{toy.log_joint(z, x), std::nullopt};
              }};
}

StudyModel study_of(const LinearGaussianModel& model, const Tensor& x) {
  return {.store = &model.store(),
          .x = x,
          .latent = model.world().latent_dimensions(),
          .posterior = [&model](Var at) { return model.posterior(at); },
          .log_joint =
              [&model](Var z, Var at) {
                return StudyModel::LogJoint{model.log_joint(z, at), std::nullopt};
              }};
}

StudyModel study_of(const DiscreteModel& model) {
  return {.store = &model.store(),
          .x = model.data(),
          .latent = model.dimensions(),
          .posterior = [&model](Var x) { return model.posterior(x); },
          .log_joint =
              [&model](Var z, Var x) {
                return StudyModel::LogJoint{model.log_joint(z, x), std::nullopt};
              },
          .family = model.config().family};
}

StudyModel study_of(const Vae& model, const ParameterStore& store, const Tensor& x,
                    const Baseline* baseline) {
  const PriorConfig& prior = model.config().prior;
  StudyModel study{
      .store = &store,
      .x = x,
      .latent = model.dimensions(),
      .posterior = [&model](Var at) { return model.posterior(at); },
      .log_joint =
          [&model](Var z, Var at) {
            const Var likelihood = model.log_likelihood(z, at);
            return StudyModel::LogJoint{likelihood + model.prior()->log_prob(z), likelihood};
          },
      .baseline = baseline,
      .prior_moves_phi = prior.kind == PriorConfig::Kind::vamp,
      .family = model.config().posterior};
  // A prior with parameters would be moved by its closed-form divergence too.
  if (prior.kind == PriorConfig::Kind::normal) {
    study.kl = [&model](const Posterior& q) { return model.prior()->kl(q); };
  }
  study.dream = [&model, type = store.dtype()](std::int64_t batch) {
    Tape& tape = Tape::current();
    const auto prior = model.prior();
    const Var prior_noise = tape.leaf({batch, prior->noise_dimensions()}, type);
    const Var data_noise = tape.leaf({batch, model.features()}, type);
    const Var z = stop(reshape(prior->sample(prior_noise), {1, batch, model.dimensions()}));
    const Var x = reshape(model.sample_data(z, data_noise), {batch, model.features()});
    return StudyModel::Dream{model.posterior(x).log_prob(z), prior_noise, data_noise,
                             model.data_noise()};
  };
  return study;
}

}  // namespace nelbo::gradvar
