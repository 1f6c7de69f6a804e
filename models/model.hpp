#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "autodiff/parameters.hpp"
#include "autodiff/tape.hpp"
#include "models/code_space.hpp"
#include "models/likelihoods/likelihood.hpp"
#include "models/posteriors/posterior.hpp"
#include "models/priors/prior.hpp"

namespace nelbo {

/// A layer of a model of several: the numbers first .. first + size - 1 of a code.
struct CodeLayer {
  std::string name;  // "z1"
  std::int64_t first = 0, size = 0;
};

/// What a model is shown: data, and what all of them is conditioned on.
struct Batch {
  Batch(Var x, std::optional<Var> condition = {})
      : x(x), condition(condition) {}  // NOLINT: implicit

  Var x;                         // [B, X]
  std::optional<Var> condition;  // [B, C]
};

/// A latent-variable model P(x, z) = P0(z) P(x|z) with its encoder Q(Z|x): all that training, evaluation
/// and studies know of one. What it returns is recorded on the current tape and may not outlive the
/// model. Axes: S draws, B batch, X features, L latent variables, D numbers of a code (code_space.hpp).
///
/// A model of several layers is one whose code is [z1 z2 ..], with a joint posterior and prior: bounds and
/// estimators hold for it as they are.
class Model {
 public:
  virtual ~Model() = default;

  /// Its parameters: by custom group "phi" holds the encoder's, "theta" the decoder's, "psi" the
  /// prior's.
  virtual const ParameterStore& store() const = 0;
  virtual CodeSpace codes() const = 0;
  /// The layers that a code is made of, as posterior and prior give log-densities of them
  /// (log_prob_by_layer); one unless overridden.
  virtual std::vector<CodeLayer> layers() const { return {{"z", 0, codes().dimensions()}}; }
  /// X.
  virtual std::int64_t features() const = 0;
  /// C, the numbers that all of a datum is conditioned on; 0 of a model of x alone.
  virtual std::int64_t conditions() const { return 0; }
  /// X + C, the numbers of one datum as it is shown: x, and behind it its condition.
  std::int64_t shown() const { return features() + conditions(); }
  /// What rows [B, X + C] show. Records nothing for a model of x alone.
  Batch batch(Var rows) const;

  /// Q(Z|x).
  virtual std::shared_ptr<const Posterior> posterior(const Batch& batch) const = 0;
  /// P0(Z), or P0(Z|c). Record it once for all that a batch wants of it.
  virtual std::shared_ptr<const Prior> prior(std::optional<Var> condition) const = 0;
  std::shared_ptr<const Prior> prior() const { return prior(std::nullopt); }
  /// How P(X|z) scatters about decode()'s output; null for a model that gives log P(x|z) alone and makes
  /// no data.
  virtual const Likelihood* likelihood() const { return nullptr; }
  /// The decoder's output, parameters of P(X|z), for z [S, B, D]: [S, B, P X], where P is
  /// likelihood()->outputs(). Throws Error for a model without likelihood().
  virtual Var decode(Var z, std::optional<Var> condition) const;
  Var decode(Var z) const { return decode(z, std::nullopt); }

  /// log P(x|z) of z [S, B, D], in nats: [S, B]. Of likelihood() and decode() unless overridden.
  virtual Var log_likelihood(Var z, const Batch& batch) const;
  /// log P(x|z) + log P0(z), [S, B], nats: overridden where both at once are cheaper.
  virtual Var log_joint(Var z, const Batch& batch) const;

  /// The groups that Q(Z|x) depends on.
  virtual Groups encoder() const { return store().groups({"phi"}); }
  /// Whether the prior is made of the encoder's posteriors, as VampPrior is.
  virtual bool prior_moves_encoder() const { return false; }
};

/// Whether KL(Q(Z|x) || P0) has a closed form.
bool has_exact_div(const Model& model);
/// Whether the prior has parameters, of its own or of the encoder's.
bool prior_learns(const Model& model);

}  // namespace nelbo
