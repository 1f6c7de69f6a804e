#include "models/worlds/linear_gaussian_model.hpp"

#include <cmath>

#include "autodiff/ops.hpp"
#include "autodiff/random.hpp"
#include "autodiff/random_variables.hpp"
#include "models/priors/full_normal_prior.hpp"
#include "models/worlds/dense.hpp"

namespace nelbo {

using namespace dense;

namespace {

/// The encoder that the parameters start at.
LinearPosterior start_of(const LinearGaussian& world, LinearEncoder encoder) {
  const LinearGaussianParameters& p = world.parameters();
  if (encoder == LinearEncoder::posterior) return world.true_posterior();
  return {p.enc_weight, p.enc_bias, dense::diagonal(p.enc_var)};
}

/// A layer x W' + b of a matrix W [O, I] and a vector b [O].
Linear layer(ParameterStore& store, const char* name, const char* group, const Tensor& weight,
             const Tensor& bias) {
  return Linear(
      store, name, group, weight.shape()[1], weight.shape()[0], Activation::identity,
      [&](auto, auto) { return constant(transposed(weight)); }, constant(bias));
}

}  // namespace

LinearGaussianModel::LinearGaussianModel(ParameterStore& store,
                                         const LinearGaussianParameters& world,
                                         LinearEncoder encoder)
    : store_(&store),
      world_(world),
      encoder_([&] {
        const LinearPosterior start = start_of(world_, encoder);
        return layer(store, "encoder", "phi", start.weight, start.bias);
      }()),
      decoder_(layer(store, "decoder", "theta", world_.parameters().dec_weight,
                     world_.parameters().dec_bias)) {
  const std::int64_t D = world_.latent_dimensions();
  const Tensor lower = Factor(start_of(world_, encoder).covariance).lower();
  Tensor log_variance({D}, DType::f64), below({D * (D - 1) / 2}, DType::f64);
  for (std::int64_t i = 0, at = 0; i < D; ++i) {
    log_variance.set({i}, 2 * std::log(lower.at({i, i})));
    for (std::int64_t j = 0; j < i; ++j) below.set({at++}, lower.at({i, j}));
  }
  log_variance_ = store.add("encoder.log_variance", "phi", {D}, constant(log_variance));
  if (encoder != LinearEncoder::diagonal) {
    below_ = store.add("encoder.below", "phi", below.shape(), constant(below));
  }
  const Factor prior(world_.parameters().prior_cov);
  whitener_ = transposed(prior.whiten(identity(D))).cast(store.dtype());
  whitened_mean_ = prior.whiten(column(world_.parameters().prior_mean)).reshape({D});
  whitened_mean_ = (-1.0 * whitened_mean_).cast(store.dtype());
  log_prior_scale_ = prior.log_determinant() / 2;
}

Tensor LinearGaussianModel::data(std::int64_t batch, std::uint64_t seed) const {
  return data(batch, random_variables::world.of(seed), 0);
}

Tensor LinearGaussianModel::data(std::int64_t batch, const Stream& stream,
                                 std::uint64_t step) const {
  Tensor noise({batch, world_.data_dimensions()}, DType::f64);
  fill_normal(noise.data_as<double>(), {.stream = stream,
                                        .step = step,
                                        .batch = std::size_t(batch),
                                        .dimensions = std::size_t(noise.shape()[1])});
  return world_.sample_data(noise).cast(store_->dtype());
}

std::shared_ptr<const Posterior> LinearGaussianModel::posterior(const Batch& batch) const {
  Tape& tape = Tape::current();
  const Var mean = encoder_(batch.x), log_variance = tape.parameter(*store_, log_variance_);
  // [B, D], though all data have the same: what compares posteriors asks for each datum's own.
  if (!below_) {
    return posterior_of(DiagNormal{mean, broadcast_to(log_variance, mean.shape())});
  }
  return posterior_of(FullNormal{
      mean, lower_triangular(exp(0.5 * log_variance), tape.parameter(*store_, *below_))});
}

std::shared_ptr<const Prior> LinearGaussianModel::prior(std::optional<Var>) const {
  const LinearGaussianParameters& p = world_.parameters();
  return std::make_shared<FullNormalPrior>(
      given_normal(p.prior_mean.cast(store_->dtype()), p.prior_cov));
}

Var LinearGaussianModel::log_likelihood(Var z, const Batch& batch) const {
  Tensor log_variance = world_.parameters().dec_var.cast(DType::f64).contiguous();
  for (std::int64_t i = 0; i < log_variance.size(); ++i) {
    log_variance.set({i}, std::log(log_variance.at({i})));
  }
  return DiagNormal{decoder_(z), Tape::current().leaf(log_variance.cast(store_->dtype()))}.log_prob(
      batch.x);
}

Var LinearGaussianModel::log_joint(Var z, const Batch& batch) const {
  // The prior's covariance never changes: its density is that of a standard normal number
  // L^-1 (z - mu_0).
  Tape& tape = Tape::current();
  const Var white = linear(z, tape.leaf(whitener_), tape.leaf(whitened_mean_));
  return log_likelihood(z, batch) + (standard_normal_log_prob(white) - log_prior_scale_);
}

}  // namespace nelbo
