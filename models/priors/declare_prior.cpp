#include "models/priors/declare_prior.hpp"

#include <cmath>

#include "autodiff/error.hpp"
#include "autodiff/ops/elementwise_ops.hpp"
#include "autodiff/ops/linalg_ops.hpp"
#include "autodiff/ops/reduce_ops.hpp"
#include "models/init.hpp"
#include "models/output_start.hpp"
#include "models/priors/factorised_priors.hpp"
#include "models/priors/full_normal_prior.hpp"
#include "models/priors/mixture_prior.hpp"
#include "models/priors/uniform_prior.hpp"

namespace nelbo {
namespace {

using Kind = PriorConfig::Kind;

constexpr const char* group = "psi";

PriorRecorder learned_normal(std::int64_t latent, ParameterStore& store) {
  const ParameterId mean = store.add("prior.mean", group, {latent}, zeros());
  const ParameterId log_diagonal = store.add("prior.log_diagonal", group, {latent}, zeros());
  const ParameterId below = store.add("prior.below", group, {latent * (latent - 1) / 2}, zeros());
  return [=, &store] {
    Tape& tape = Tape::current();
    const Var factor =
        lower_triangular(exp(tape.parameter(store, log_diagonal)), tape.parameter(store, below));
    return std::make_shared<FullNormalPrior>(FullNormal{tape.parameter(store, mean), factor});
  };
}

PriorRecorder given_normal_of(const PriorConfig& prior, std::int64_t latent, DType dtype) {
  const Tensor mean = prior.mean.cast(dtype), covariance = prior.covariance;
  if (!(mean.shape() == Shape{latent})) {
    throw Error("prior normal:given: mean " + mean.shape().text() + " for " +
                std::to_string(latent) + " latent dimensions");
  }
  {  // Bad matrices are refused now, not at the first recording.
    Tape tape;
    const Recording recording(tape);
    given_normal(mean, covariance);
  }
  return [=] { return std::make_shared<FullNormalPrior>(given_normal(mean, covariance)); };
}

PriorRecorder mixture(const PriorConfig& prior, std::int64_t latent, ParameterStore& store) {
  const std::int64_t k = prior.components;
  const Tensor centre({latent}), deviation = Tensor::full({latent}, std::sqrt(0.5));
  const ParameterId logits = store.add("prior.logits", group, {k}, zeros());
  const ParameterId means =
      store.add("prior.means", group, {k, latent}, scattered(centre, deviation));
  const ParameterId log_variances = store.add("prior.log_variances", group, {k, latent},
                                              constant(Tensor::full({k, latent}, std::log(0.5))));
  return [=, &store, text = to_string(prior)] {
    Tape& tape = Tape::current();
    return std::make_shared<MixturePrior>(
        text, DiagNormal{tape.parameter(store, means), tape.parameter(store, log_variances)},
        log_softmax(tape.parameter(store, logits)));
  };
}

PriorRecorder vamp(const VaeConfig& config, const DataMoments& moments, ParameterStore& store,
                   std::function<Posterior(Var x)> encoder) {
  const std::int64_t k = config.prior.components, x = config.example.size();
  const bool bernoulli = config.likelihood.kind == Likelihood::Kind::bernoulli;
  const Tensor centre = output_start(config.likelihood, moments.mean).reshape({x});
  Tensor deviation = Tensor::full({x}, 1);
  if (!bernoulli) {
    for (std::int64_t i = 0; i < x; ++i) {
      deviation.set({i}, std::sqrt(moments.variance.reshape({x}).at({i})));
    }
  }
  const ParameterId inputs =
      store.add("prior.pseudo_inputs", group, {k, x}, scattered(centre, deviation));
  return [=, &store, text = to_string(config.prior)] {
    const Var free = Tape::current().parameter(store, inputs);
    return std::make_shared<MixturePrior>(text,
                                          encoder(bernoulli ? sigmoid(free) : free).normal(text));
  };
}

}  // namespace

PriorRecorder declare_prior(const VaeConfig& config, const DataMoments& moments,
                            ParameterStore& store, std::function<Posterior(Var x)> encoder) {
  const std::int64_t latent = config.latent;
  switch (config.prior.kind) {
    case Kind::normal:
      break;
    case Kind::normal_full:
      return learned_normal(latent, store);
    case Kind::normal_given:
      return given_normal_of(config.prior, latent, store.dtype());
    case Kind::mixture:
      return mixture(config.prior, latent, store);
    case Kind::vamp:
      return vamp(config, moments, store, std::move(encoder));
    case Kind::laplace:
      return [latent] { return std::make_shared<LaplacePrior>(latent); };
    case Kind::uniform:
      return [latent, of = config.posterior] { return std::make_shared<UniformPrior>(latent, of); };
  }
  return [latent] { return std::make_shared<StandardNormalPrior>(latent); };
}

}  // namespace nelbo
