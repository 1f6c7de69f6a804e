#include "models/worlds/rainforth.hpp"

#include <cmath>
#include <string>

#include "autodiff/error.hpp"
#include "autodiff/ops.hpp"
#include "models/init.hpp"
#include "models/priors/factorised_priors.hpp"

namespace nelbo {

const RainforthConfig& checked(const RainforthConfig& c) {
  const auto refuse = [](const std::string& reason) { throw Error("Rainforth toy: " + reason); };
  if (c.dimensions < 1) {
    refuse(std::to_string(c.dimensions) + " dimensions; there must be at least 1");
  }
  if (!(c.variance > 0) || !std::isfinite(c.variance)) {
    refuse("variance " + std::to_string(c.variance) + "; it must be positive and finite");
  }
  if (!std::isfinite(c.delta) || !std::isfinite(c.residual)) {
    refuse("delta " + std::to_string(c.delta) + " and residual " + std::to_string(c.residual) +
           " must be finite");
  }
  return c;
}

RainforthToy::RainforthToy(ParameterStore& store, const RainforthConfig& config)
    : config_(checked(config)), store_(&store) {
  const Shape shape{config.dimensions};
  prior_mean_ = store.add("prior.mean", "theta", shape, zeros());
  bias_ = store.add("encoder.bias", "phi", shape,
                    constant(Tensor::full(shape, config.delta, store.dtype())));
}

Tensor RainforthToy::x() const {
  return Tensor::full({1, config_.dimensions}, 2 * config_.residual, store_->dtype());
}

std::shared_ptr<const Posterior> RainforthToy::posterior(const Batch& batch) const {
  const Var bias = Tape::current().parameter(*store_, bias_);
  return posterior_of(fixed_normal(0.5 * batch.x + bias, config_.variance));
}

std::shared_ptr<const Prior> RainforthToy::prior(std::optional<Var>) const {
  const Var mean = Tape::current().parameter(*store_, prior_mean_);
  return std::make_shared<DiagNormalPrior>("rainforth", unit_normal(mean));
}

Var RainforthToy::log_likelihood(Var z, const Batch& batch) const {
  return unit_normal(z).log_prob(batch.x);
}

Var RainforthToy::log_joint(Var z, const Batch& batch) const {
  // log P(x) + log P(z|x) is the same function and passes over [S, B, D] once instead of twice.
  const Var mean = Tape::current().parameter(*store_, prior_mean_);
  return fixed_normal(0.5 * (batch.x + mean), 0.5).log_prob(z) +
         fixed_normal(mean, 2).log_prob(batch.x);
}

}  // namespace nelbo
