#include "models/vae.hpp"

#include "autodiff/dtype.hpp"
#include "autodiff/error.hpp"
#include "autodiff/ops/elementwise_ops.hpp"
#include "autodiff/ops/linalg_ops.hpp"
#include "autodiff/ops/shape_ops.hpp"
#include "models/architectures/architecture.hpp"
#include "models/distributions/bernoulli.hpp"
#include "models/init.hpp"
#include "models/output_start.hpp"

namespace nelbo {
namespace {

using Kind = Likelihood::Kind;

/// The moments as a vector of the model's features.
Tensor moment(const char* name, const Tensor& values, std::int64_t features) {
  if (values.size() != features) {
    throw Error("vae: the training " + std::string(name) + " has shape " + values.shape().text() +
                " for " + std::to_string(features) + " features");
  }
  return values.reshape({features});
}

void check_axes(const char* function, const char* axes, Var x, int rank, std::int64_t last) {
  if (x.shape().rank() == rank && x.shape()[-1] == last) return;
  throw Error(std::string("vae ") + function + ": " + x.shape().text() + " is no " + axes +
              " with a last axis of " + std::to_string(last));
}

/// Columns first .. last - 1, copied once here, or every density that reads them would copy them
/// for itself.
Var columns(Var x, std::int64_t first, std::int64_t last) {
  return Tape::current().contiguous(slice(x, -1, first, last));
}

/// The posterior whose parameters are the encoder's output [B, ..], as encoder_head() lays it out.
Posterior posterior_from(Var head, const VaeConfig& config) {
  using Family = PosteriorConfig::Kind;
  const Family family = config.posterior.kind;
  const std::int64_t l = config.latent;
  if (family == Family::bernoulli) return Bernoulli{head};
  if (family == Family::categorical) {
    return OneHotCategorical{reshape(head, {head.shape()[0], l, config.posterior.classes})};
  }
  const Var mean = columns(head, 0, l), log_variance = columns(head, l, 2 * l);
  if (family == Family::diagonal) return Normal(DiagNormal{mean, log_variance});
  const Var below = columns(head, 2 * l, head.shape()[-1]);
  return Normal(FullNormal{mean, lower_triangular(exp(0.5 * log_variance), below)});
}

/// x [B, X] to Q(Z|x).
std::function<Posterior(Var x)> posterior_of(const Layer& encoder, const VaeConfig& config) {
  return [=](Var x) {
    check_axes("posterior", "[B, X]", x, 2, config.example.size());
    return posterior_from(encoder(x), config);
  };
}

}  // namespace

Vae::Vae(const VaeConfig& config, const DataMoments& moments, ParameterStore& store)
    : config_(resolve(config)), store_(&store) {
  const Tensor mean = moment("mean", moments.mean, features());
  const Coders coders = architecture(config_.architecture).build(config_, mean, store);
  encoder_ = posterior_of(coders.encoder, config_);
  decoder_ = coders.decoder;
  prior_ = declare_prior(config_, moments, store, encoder_);
  if (config_.likelihood.kind == Kind::normal_learned) {
    const Tensor variance = moment("variance", moments.variance, features());
    log_variance_ = store.add("decoder.log_variance", "theta", {features()},
                              constant(log_variance_start(variance)));
  }
}

Var Vae::decode(Var z) const {
  check_axes("decode", "[S, B, D]", z, 3, dimensions());
  return decoder_(z);
}

Var Vae::log_likelihood(Var z, Var x) const {
  check_axes("log_likelihood", "[B, X]", x, 2, features());
  const Var output = decode(z);
  switch (config_.likelihood.kind) {
    case Kind::bernoulli:
      return Bernoulli{output}.log_prob(x);
    case Kind::normal:
      return fixed_normal(output, config_.likelihood.variance).log_prob(x);
    case Kind::normal_learned:
      break;
  }
  return DiagNormal{output, Tape::current().parameter(*store_, *log_variance_)}.log_prob(x);
}

Var Vae::sample_data(Var z, Var noise) const {
  const Var output = decode(z);
  switch (config_.likelihood.kind) {
    case Kind::bernoulli:
      return Bernoulli{output}.sample(noise);
    case Kind::normal:
      return fixed_normal(output, config_.likelihood.variance).sample(noise);
    case Kind::normal_learned:
      break;
  }
  return DiagNormal{output, Tape::current().parameter(*store_, *log_variance_)}.sample(noise);
}

void Vae::fill_noise(const Tensor& noise, const RandomBlock& first, Coupling coupling) const {
  nelbo::fill_noise(config_.posterior.noise(), noise, first, coupling);
}

Noise Vae::data_noise() const {
  return config_.likelihood.kind == Kind::bernoulli ? Noise::uniform : Noise::normal;
}

Var Vae::mean_image(Var z) const {
  const Var output = decode(z);
  return config_.likelihood.kind == Kind::bernoulli ? sigmoid(output) : output;
}

}  // namespace nelbo
