#include "models/vae.hpp"

#include "autodiff/error.hpp"
#include "autodiff/ops/shape_ops.hpp"
#include "models/likelihoods/observed_likelihood.hpp"

namespace nelbo {
namespace {

void check_axes(const char* function, const char* axes, Var x, int rank, std::int64_t last) {
  if (x.shape().rank() == rank && x.shape()[-1] == last) return;
  throw Error(std::string("vae ") + function + ": " + x.shape().text() + " is no " + axes +
              " with a last axis of " + std::to_string(last));
}

/// Throws Error unless there is a condition [B, C] where C is not 0, and none where it is.
void check_condition(const char* function, const std::optional<Var>& condition, std::int64_t size) {
  if (!condition && size == 0) return;
  if (condition && size > 0) return check_axes(function, "condition [B, C]", *condition, 2, size);
  throw Error(std::string("vae ") + function +
              (condition ? ": a condition for a model that takes none"
                         : ": no condition for a model of P(x|z,c); it takes [B, " +
                               std::to_string(size) + "]"));
}

/// x [.., B, K] and behind it c [B, C], or of x's own draws [S, B, C].
Var followed_by(Var x, Var condition) {
  Shape shape = x.shape();
  shape[shape.rank() - 1] = condition.shape()[-1];
  return concatenate({x, contiguous(broadcast_to(condition, shape))}, -1);
}

}  // namespace

Vae::Vae(const VaeConfig& config, const DataMoments& moments, ParameterStore& store)
    : config_(resolve(config)), codes_(config_.codes()), store_(&store) {
  const DataMoments own = of_features(moments, features());
  coders_ = architectures().at(config_.architecture).coders(config_, own, store);
  posterior_ = config_.posterior.recorder(codes_, store);
  const PriorContext context{codes_,
                             store,
                             features(),
                             own,
                             config_.likelihood,
                             [this](Var x) { return posterior(x); },
                             config_.conditions};
  if (config_.prior->declare_conditional) {
    conditional_prior_ = config_.prior->declare_conditional(context);
  } else {
    prior_ = config_.prior->declare(context);
  }
  if (auto declared = config_.likelihood->declared(store, features(), own))
    config_.likelihood = declared;
  if (config_.missing != VaeConfig::Missing::none) {
    config_.likelihood =
        std::make_shared<ObservedLikelihood>(config_.likelihood, config_.log_deviations);
  }
}

std::shared_ptr<const Posterior> Vae::posterior(const Batch& batch) const {
  check_axes("posterior", "[B, X]", batch.x, 2, features());
  check_condition("posterior", batch.condition, conditions());
  Var input = batch.x;
  if (config_.missing != VaeConfig::Missing::none) input = filled(input, 0);
  if (config_.missing == VaeConfig::Missing::mask) {
    input = concatenate({input, observed(batch.x)}, -1);
  }
  if (batch.condition) input = followed_by(input, *batch.condition);
  return posterior_(coders_.encoder(input));
}

std::shared_ptr<const Prior> Vae::prior(std::optional<Var> condition) const {
  if (!conditional_prior_) return prior_();
  check_condition("prior", condition, conditions());
  return conditional_prior_(*condition);
}

Var Vae::decode(Var z, std::optional<Var> condition) const {
  check_axes("decode", "[S, B, D]", z, 3, codes_.dimensions());
  const bool of_draws = condition && condition->shape().rank() == 3;
  if (of_draws) check_axes("decode", "condition [S, B, C]", *condition, 3, conditions());
  if (!of_draws) check_condition("decode", condition, conditions());
  return coders_.decoder(condition ? followed_by(z, *condition) : z);
}

Var Vae::log_likelihood(Var z, const Batch& batch) const {
  check_axes("log_likelihood", "[B, X]", batch.x, 2, features());
  return Model::log_likelihood(z, batch);
}

}  // namespace nelbo
