#include "models/vae.hpp"

#include "autodiff/error.hpp"

namespace nelbo {
namespace {

void check_axes(const char* function, const char* axes, Var x, int rank, std::int64_t last) {
  if (x.shape().rank() == rank && x.shape()[-1] == last) return;
  throw Error(std::string("vae ") + function + ": " + x.shape().text() + " is no " + axes +
              " with a last axis of " + std::to_string(last));
}

}  // namespace

Vae::Vae(const VaeConfig& config, const DataMoments& moments, ParameterStore& store)
    : config_(resolve(config)), codes_(config_.codes()), store_(&store) {
  const DataMoments own = of_features(moments, features());
  coders_ = architectures().at(config_.architecture).coders(config_, own, store);
  posterior_ = config_.posterior.recorder(codes_, store);
  prior_ = config_.prior->declare(
      {codes_, store, features(), own, config_.likelihood, [this](Var x) { return posterior(x); }});
  if (auto declared = config_.likelihood->declared(store, features(), own))
    config_.likelihood = declared;
}

std::shared_ptr<const Posterior> Vae::posterior(const Batch& batch) const {
  check_axes("posterior", "[B, X]", batch.x, 2, features());
  return posterior_(coders_.encoder(batch.x));
}

std::shared_ptr<const Prior> Vae::prior(std::optional<Var>) const { return prior_(); }

Var Vae::decode(Var z, std::optional<Var>) const {
  check_axes("decode", "[S, B, D]", z, 3, codes_.dimensions());
  return coders_.decoder(z);
}

Var Vae::log_likelihood(Var z, const Batch& batch) const {
  check_axes("log_likelihood", "[B, X]", batch.x, 2, features());
  return Model::log_likelihood(z, batch);
}

}  // namespace nelbo
