#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "autodiff/coupled_noise.hpp"
#include "autodiff/parameters.hpp"
#include "autodiff/tape.hpp"
#include "models/data_moments.hpp"
#include "models/distributions/posterior.hpp"
#include "models/layers/layer.hpp"
#include "models/priors/declare_prior.hpp"
#include "models/vae_config.hpp"

namespace nelbo {

/// A variational autoencoder: the encoder Q(Z|x) = N(mu(x), diag s2(x)) of Zheng eqs (7), (9), or
/// N(mu(x), L L') with a Cholesky factor L(x), or discrete; the prior P0(Z) = N(0, I) of eq. (1),
/// or another; and a decoder P(X|z). Axes: S draws, B batch, X features, L latent variables, D
/// numbers of a code: L, or L K of a categorical posterior, whose codes are one-hot rows.
///
/// The constructor declares the parameters; freeze the store before recording. Group "phi" holds
/// the encoder's, "theta" the decoder's, "psi" the prior's. Names, which files keep:
///   encoder.I.weight, .bias            hidden layers, I = 0, 1, ...
///   encoder.head.weight, .bias         [H, 2L]: columns 0..L-1 give mu, the others log s2. With a
///                                      full posterior the others give log L_dd^2, and L (L-1) / 2
///                                      more what is below the diagonal, row by row. Bernoulli:
///                                      [H, L], logits; categorical: [H, L K], logits, the K of a
///                                      variable together
///   prior.*                            declare_prior.hpp
///   decoder.I.weight, .bias            hidden layers
///   decoder.output.weight, .bias       the last layer
///   decoder.log_variance               [X], of normal:learned only
/// Layers are counted through whatever their kind. Weights start Glorot-uniform and biases at 0,
/// but for the output's, which start at the data (output_start.hpp).
class Vae {
 public:
  /// Throws Error for an unknown architecture, what it cannot be given, or moments that do not fit.
  Vae(const VaeConfig& config, const DataMoments& moments, ParameterStore& store);

  /// Q(Z|x) of x [B, X], with mean or probabilities [B, D].
  Posterior posterior(Var x) const { return encoder_(x); }
  /// P0(Z), recorded on the current tape. Record it once for all that a batch wants of it.
  std::shared_ptr<const Prior> prior() const { return prior_(); }
  /// Fills `noise` [S, B, D], as the data of a leaf, with the numbers that samples of the posterior
  /// are made of, normal or uniform, whose addresses start at `first`; see nelbo::fill_noise.
  /// Throws Error for uniform numbers on Sobol' points.
  void fill_noise(const Tensor& noise, const RandomBlock& first,
                  Coupling coupling = Coupling::independent) const;
  /// The parameters of P(X|z), logits or means, for z [S, B, D]: [S, B, X].
  Var decode(Var z) const;
  /// log P(x|z) of z [S, B, D] and x [B, X], in nats: [S, B].
  Var log_likelihood(Var z, Var x) const;
  /// Data [S, B, X] drawn from P(X|z) of z [S, B, D], from noise [S, B, X] or [B, X] of the kind
  /// data_noise(). No gradient flows.
  Var sample_data(Var z, Var noise) const;
  Noise data_noise() const;
  /// E[X|z] on the scale of the data: [S, B, X] of z [S, B, D].
  Var mean_image(Var z) const;

  /// L.
  std::int64_t latent() const { return config_.latent; }
  /// D.
  std::int64_t dimensions() const { return config_.dimensions(); }
  /// X.
  std::int64_t features() const { return config_.example.size(); }
  /// The configuration with the architecture's own values where none were given.
  const VaeConfig& config() const { return config_; }

 private:
  VaeConfig config_;
  const ParameterStore* store_;
  std::function<Posterior(Var x)> encoder_;
  Layer decoder_;  // [S, B, D] to [S, B, X]
  PriorRecorder prior_;
  std::optional<ParameterId> log_variance_;
};

}  // namespace nelbo
