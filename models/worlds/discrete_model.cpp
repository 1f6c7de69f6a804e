#include "models/worlds/discrete_model.hpp"

#include <optional>
#include <string>

#include "autodiff/error.hpp"
#include "autodiff/ops.hpp"
#include "autodiff/random_variables.hpp"
#include "models/init.hpp"

namespace nelbo {
namespace {

constexpr std::int64_t most_codes = 4096;

/// K^L, once the config is known to be right.
std::int64_t checked_codes(const DiscreteConfig& config) {
  if (!config.family.discrete()) {
    throw Error("discrete model: posterior " + to_string(config.family) +
                "; it has bernoulli or categorical:K codes");
  }
  if (config.data < 1 || config.latent < 1) {
    throw Error("discrete model: " + std::to_string(config.data) + " data and " +
                std::to_string(config.latent) + " variables; there must be at least 1");
  }
  std::int64_t codes = 1;
  for (std::int64_t l = 0; l < config.latent && codes <= most_codes; ++l) {
    codes *= config.family.values();
  }
  if (codes <= most_codes) return codes;
  throw Error("discrete model: " + std::to_string(config.latent) + " variables of posterior " +
              to_string(config.family) + " have more than " + std::to_string(most_codes) +
              " codes");
}

/// Standard normal numbers of a table.
Initializer random_table(const Shape& shape, std::uint64_t seed, std::size_t number) {
  const Tensor values(shape, DType::f64);
  fill_normal(values.data_as<double>(), {.stream = random_variables::world.of(seed, number),
                                         .dimensions = std::size_t(shape.size())});
  return constant(values);
}

}  // namespace

DiscreteModel::DiscreteModel(ParameterStore& store, const DiscreteConfig& config)
    : config_(config), codes_(checked_codes(config)), store_(&store) {
  const auto table = [&](const char* name, const char* group, const Shape& shape,
                         std::size_t number) {
    return store.add(name, group, shape, random_table(shape, config.seed, number));
  };
  encoder_ = table("encoder.logits", "phi", {config.data, dimensions()}, 0);
  decoder_ = table("decoder.logits", "theta", {codes_, config.data}, 1);
  prior_ = table("prior.logits", "theta", {codes_}, 2);
}

Tensor DiscreteModel::data() const {
  Tensor x({config_.data, config_.data}, store_->dtype());
  for (std::int64_t n = 0; n < config_.data; ++n) x.set({n, n}, 1);
  return x;
}

Posterior DiscreteModel::posterior(Var x) const {
  const Var logits = matmul(x, Tape::current().parameter(*store_, encoder_));
  if (config_.family.kind == PosteriorConfig::Kind::bernoulli) return Bernoulli{logits};
  return OneHotCategorical{reshape(logits, {x.shape()[0], config_.latent, config_.family.classes})};
}

Var DiscreteModel::shares(Var z) const {
  const std::int64_t samples = z.shape()[0], batch = z.shape()[1], width = config_.family.width();
  std::optional<Var> product;
  for (std::int64_t l = 0; l < config_.latent; ++l) {
    const Var own = slice(z, -1, l * width, (l + 1) * width);
    const Var values = width == 1 ? concatenate({1 - own, own}, -1) : own;
    if (!product) {
      product = values;
      continue;
    }
    const Var before = reshape(*product, {samples, batch, 1, -1});
    product = reshape(reshape(values, {samples, batch, -1, 1}) * before, {samples, batch, -1});
  }
  return *product;
}

Var DiscreteModel::log_joint(Var z, Var x) const {
  Tape& tape = Tape::current();
  const Var log_p = log_softmax(tape.parameter(*store_, decoder_), -1);
  const Var log_prior = log_softmax(tape.parameter(*store_, prior_), -1);
  return sum(shares(z) * (matmul(x, transpose(log_p)) + log_prior), -1);
}

}  // namespace nelbo
