#pragma once
#include <cstdint>
#include <vector>

#include "autodiff/parameters.hpp"
#include "autodiff/tape.hpp"
#include "models/distributions/posterior.hpp"
#include "models/posterior_config.hpp"

namespace nelbo {

struct DiscreteConfig {
  std::int64_t data = 3;    // N
  std::int64_t latent = 2;  // L variables
  PosteriorConfig family{PosteriorConfig::Kind::bernoulli};
  std::uint64_t seed = 0;  // of the parameters
};

/// A world of finite tables that can be differentiated: the data are 0 .. N - 1, a code is one of C
/// = K^L, and every expectation over codes is a finite sum. Parameters start at random:
///   phi    encoder.logits [N, L] of a Bernoulli posterior, [N, L K] of a categorical one
///   theta  decoder.logits [C, N], of P(x|z); prior.logits [C], of P0(z)
/// Codes count with their first variable fastest. Between the codes log P(x|z) and log P0(z) go on
/// as polynomials that are linear in each variable.
class DiscreteModel {
 public:
  /// Declares the parameters; freeze the store before recording. The store must outlive the model.
  /// Throws Error for a normal family, fewer than one datum or variable, and more than 4096 codes.
  DiscreteModel(ParameterStore& store, const DiscreteConfig& config = {});

  const DiscreteConfig& config() const { return config_; }
  const ParameterStore& store() const { return *store_; }
  std::int64_t codes() const { return codes_; }
  /// Numbers of a code: L, or L K.
  std::int64_t dimensions() const { return config_.latent * config_.family.width(); }

  /// All data as one-hot rows, [N, N], of the store's type.
  Tensor data() const;
  /// Q(Z|x) of one-hot x [B, N].
  Posterior posterior(Var x) const;
  /// log P(x|z) + log P0(z) of z [S, B, D] and x [B, N], nats: [S, B].
  Var log_joint(Var z, Var x) const;

 private:
  /// The share of every code in z [S, B, D]: [S, B, C], products of its variables' numbers.
  Var shares(Var z) const;

  DiscreteConfig config_;
  std::int64_t codes_;
  const ParameterStore* store_;
  ParameterId encoder_, decoder_, prior_;
};

}  // namespace nelbo
