#pragma once
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "autodiff/tape.hpp"
#include "models/posteriors/posterior.hpp"
#include "objectives/draw/key.hpp"

namespace nelbo {

class Draw;  // objectives/draw/draw.hpp

/// Codes z [S, B, D] of a draw's data, and what the model says of them, each recorded once at its
/// first use: the samples of the posterior, or whatever else expectations are sums over.
class Codes {
 public:
  /// Of any codes.
  Codes(Draw& draw, Var z) : draw_(draw), z_(z), seen_(z) {}
  /// Of samples: `seen` is z as the densities of the model see it, equal in value.
  Codes(Draw& draw, const PosteriorSample& sample, Var seen)
      : draw_(draw),
        z_(sample.z),
        seen_(seen),
        log_posterior_(sample.log_prob),
        score_(sample.score) {}

  Var z() const { return z_; }
  /// The decoder's output, parameters of P(X|z), [S, B, X]. Throws Error for a model without one.
  Var decoded();
  /// log P(x|z), [S, B], nats.
  Var log_likelihood();
  /// log P0(z), [S, B], nats.
  Var log_prior();
  /// log P0(z_d) of each dimension, [S, B, D], nats.
  Var log_prior_marginals();
  /// log Q(z|x), [S, B], nats.
  Var log_posterior();
  /// The same of z as fixed values: its gradient is what Q's parameters do to it beside moving z.
  Var log_posterior_at_fixed_z();
  /// log Q(z_l|..) - log P0(z_l|..) of layer number l of the model's, [S, B], nats: they add up to
  /// log Q(z|x) - log P0(z). Throws Error for a posterior and a prior of other layers than the model's.
  Var layer_divergence(std::size_t l);
  /// log R = log P(x|z) + log P0(z) - log Q(z|x), [S, B], nats; Zheng eq. (37).
  Var log_weights();
  /// The value with this key, computed at the first call.
  Var once(const Key& key, const std::function<Var()>& compute);

 private:
  Draw& draw_;
  Var z_, seen_;
  std::optional<Var> log_posterior_;
  std::function<Var()> score_;  // of samples whose posterior gives it
  std::map<std::string, Var> named_;
};

/// A quantity of each code, [S, B]: what an expectation over Q(Z|x) is of.
using PerCode = std::function<Var(Codes& codes)>;

}  // namespace nelbo
