#pragma once
#include <memory>

#include "models/architectures/architecture.hpp"
#include "models/model.hpp"
#include "models/vae_config.hpp"

namespace nelbo {

/// A variational autoencoder: a posterior at the end of an encoder, a prior, and a likelihood about a
/// decoder's output; Zheng eqs (1)-(2), (7), (9) by default.
///
/// Group "phi" holds the encoder's parameters, "theta" the decoder's, "psi" the prior's. Names, which
/// files keep:
///   encoder.I.weight, .bias            hidden layers, I = 0, 1, ...
///   encoder.head.weight, .bias         the last layer: posterior_family.hpp
///   posterior.*                        of flows: flow_families.hpp
///   prior.*                            prior_family.hpp
///   decoder.I.weight, .bias            hidden layers
///   decoder.output.weight, .bias       the last layer, P X outputs (likelihood.hpp)
///   decoder.log_variance, ...          what the likelihood declares
/// A conditional one, of P(x|z,c), Q(z|x,c) and P0(z) or P0(z|c), has its condition c [B, C] behind x in
/// the input of the encoder and behind z in that of the decoder.
///
/// Of data with missing entries (VaeConfig::missing) log P(x|z) is that of the observed ones.
///
/// Layers are counted through whatever their kind. Weights start Glorot-uniform and biases at 0,
/// but for the output's, which start at the data (Likelihood::output_start).
class Vae final : public Model {
 public:
  /// With the networks of the architecture that the configuration names. Declares the parameters;
  /// freeze the store before recording. Throws Error for an unknown architecture, what it cannot be
  /// given, or moments that do not fit.
  Vae(const VaeConfig& config, const DataMoments& moments, ParameterStore& store);
  Vae(const Vae&) = delete;
  Vae& operator=(const Vae&) = delete;

  const ParameterStore& store() const override { return *store_; }
  CodeSpace codes() const override { return codes_; }
  std::int64_t features() const override { return config_.example.size(); }
  std::int64_t conditions() const override { return config_.conditions; }
  std::shared_ptr<const Posterior> posterior(const Batch& batch) const override;
  using Model::prior;
  std::shared_ptr<const Prior> prior(std::optional<Var> condition) const override;
  const Likelihood* likelihood() const override { return config_.likelihood.get(); }
  using Model::decode;
  /// The condition may also be one of every draw, [S, B, C].
  Var decode(Var z, std::optional<Var> condition) const override;
  Var log_likelihood(Var z, const Batch& batch) const override;
  bool prior_moves_encoder() const override { return config_.prior->moves_encoder; }

  /// The configuration with the architecture's own values where none were given.
  const VaeConfig& config() const { return config_; }

 private:
  VaeConfig config_;
  CodeSpace codes_;
  const ParameterStore* store_;
  Coders coders_;
  PosteriorRecorder posterior_;
  PriorRecorder prior_;
  ConditionalPriorRecorder conditional_prior_;  // in the place of prior_
};

}  // namespace nelbo
