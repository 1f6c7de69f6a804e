#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "models/posteriors/posterior.hpp"

namespace nelbo {

/// A prior P0(Z) over codes of D numbers, recorded on the current tape: Zheng eq. (1) and what may
/// stand in its place. Of several layers it is the joint density of [z1 z2 ..]. Immutable; gradients
/// flow to its parameters and through z.
class Prior {
 public:
  virtual ~Prior() = default;

  /// As it is written: "normal", "mixture:10".
  virtual std::string text() const = 0;
  /// Whether P0(z) is the product of its marginals, so that pf is 0.
  virtual bool factorised() const = 0;
  /// Whether it is N(0, I): Div then is a sum over dimensions, Zheng eq. (16).
  virtual bool standard_normal() const { return false; }
  /// Whether it is P0(z|c), another for every datum: then it is none that all codes together have.
  virtual bool conditional() const { return false; }

  /// log P0(z) of z [S, B, D]: [S, B], nats.
  virtual Var log_prob(Var z) const = 0;
  /// Its summands by the model's layers: log P(z1|z2), log P0(z2), ..., [S, B] each, nats. log_prob()
  /// alone unless overridden.
  virtual std::vector<Var> log_prob_by_layer(Var z) const { return {log_prob(z)}; }
  /// log P0(z_d) of every dimension of z [S, B, D]: [S, B, D], nats. What Zheng eq. (21) needs. For
  /// one-hot codes of every latent variable, [S, B, L]. Throws Error for a prior that has none.
  virtual Var marginal_log_prob(Var z) const;

  /// Standard normal numbers that a sample takes.
  virtual std::int64_t noise_dimensions() const = 0;
  /// Samples [S, B, D] of standard normal noise [S, B, noise_dimensions()], through which no
  /// gradient flows. Equal noise gives equal samples.
  virtual Var sample(Var noise) const = 0;

  /// KL(q || P0) in closed form, nats, [B] for a posterior of B data: div(exact), Zheng eq. (16).
  /// Nothing where there is none.
  virtual std::optional<Var> kl(const Posterior& q) const;
  /// E_q[log P0(z) / prod_d P0(z_d)] in closed form, nats, [B]: pf(exact), the last expectation of
  /// Zheng eq. (21) for one datum. 0 for factorised priors. Nothing where there is none.
  virtual std::optional<Var> prior_factorisation(const Posterior& q) const;
};

}  // namespace nelbo
