#pragma once
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "autodiff/ops/pairwise_ops.hpp"
#include "autodiff/schedule.hpp"
#include "autodiff/tape.hpp"
#include "models/posteriors/posterior.hpp"
#include "models/layers/layer.hpp"
#include "models/vae.hpp"
#include "objectives/bounds/bound.hpp"
#include "objectives/draw/critic.hpp"
#include "objectives/estimators/baseline.hpp"
#include "objectives/estimators/choice.hpp"
#include "objectives/draw/scheme.hpp"

namespace nelbo {

/// What a draw's batch comes from. All of it is optional: quantities that need what is missing
/// throw Error.
struct Population {
  std::int64_t size = 0;                 // N, the number of data; 0: not known
  std::optional<DiagNormal> posteriors;  // of all N data, [N, D], for the scheme `full`
  std::optional<double> entropy;         // H_data, nats, where it is known exactly
};

/// Aggregated posterior at the samples of a draw, nats.
struct AggregateLogProb {
  Var joint;      // log P_enc(z_s), [S, B]
  Var marginals;  // log P_enc(z_sd) of each dimension, [S, B, D]
};

/// Sets of latent dimensions, disjoint.
using DimensionGroups = std::vector<std::vector<int>>;

/// How the gradients of a draw's bounds are estimated, where not by differentiating the sampled
/// bound itself.
struct Estimation {
  EstimatorChoice estimators;
  Groups encoder;                      // mask of the group phi
  const Baseline* baseline = nullptr;  // where the estimator takes one
  /// Whether one backward pass serves all groups: the draw then holds nothing but one bound for
  /// which estimators.one_sweep() is true. Else the encoder has a pass of its own.
  bool one_sweep = false;
};

/// One pass encoder -> z -> decoder of a batch, with S samples per datum. Each leaf density is
/// evaluated once, at its first use, however many terms use it.
class Draw {
 public:
  /// x [B, X]: the data; noise [S, B, D]: what samples of the posterior are made of, as
  /// Vae::fill_noise fills it with the estimators' coupling, D the numbers of a code. Model, critic
  /// and estimation must outlive the draw. Throws Error if the shapes do not fit the model.
  Draw(const Vae& model, Var x, Var noise, Population population = {},
       const Critic* critic = nullptr, const Estimation* estimation = nullptr);
  Draw(const Draw&) = delete;
  Draw& operator=(const Draw&) = delete;

  std::int64_t samples() const { return noise_.shape()[0]; }
  std::int64_t batch() const { return noise_.shape()[1]; }
  std::int64_t latent() const { return noise_.shape()[2]; }
  const Population& population() const { return population_; }

  DType dtype() const { return noise_.dtype(); }
  /// The encoder's Q(Z|x), with mean or probabilities [B, D].
  const Posterior& posterior() const { return posterior_; }
  /// P0(Z).
  const Prior& prior();
  /// Samples of Q(Z|x), [S, B, D]: reparameterised, or through which no gradient flows where the
  /// posterior is discrete (straight_through gives them another's).
  Var z();
  /// The same for a quantity `what` whose gradient has to pass through them: throws Error where
  /// none does.
  Var z(const std::string& what);
  /// log P(x|z_s), [S, B], nats.
  Var log_likelihood();
  /// log P0(z_s), [S, B], nats.
  Var log_prior();
  /// log P0(z_sd) of each dimension, [S, B, D], nats.
  Var log_prior_marginals();
  /// log Q(z_s|x), [S, B], nats; of normal posteriors from the noise, not from a difference of
  /// near-equal numbers.
  Var log_posterior();
  /// KL(Q(Z|x) || P0) in closed form, [B], nats; Zheng eq. (16). Throws Error for a prior that has
  /// none.
  Var kl();
  /// Q(Z|x) where its divergence from the prior is a sum over dimensions, of the standard normal
  /// prior alone; else throws Error naming `what`.
  const DiagNormal& standard_kl_posterior(const std::string& what) const;
  /// log R_s = log P(x|z_s) + log P0(z_s) - log Q(z_s|x), [S, B], nats; Zheng eq. (37).
  Var log_weights();

  /// The bound on each datum's log-weights, [B], nats: Zheng eqs (36)-(40). Of a draw with more
  /// than its S samples it takes the first S; the ELBO is the mean over all. Its value does not
  /// depend on the estimation (but for piwae's, and closed-form Div), its gradient is what the
  /// estimation says; enumeration reports its own. Throws Error for fewer samples, and where the
  /// estimator is not defined, or not for this posterior.
  Var estimate(const Bound& bound);

  /// The aggregated posterior under a scheme, Zheng eqs (10), (22)-(29). `full` wants the
  /// population's posteriors, or a batch that is the whole population. Throws Error as weights()
  /// does.
  AggregateLogProb aggregate(Scheme scheme);
  /// log P_enc of the samples' coordinates in each group, [S, B, G], nats.
  Var aggregate_groups(Scheme scheme, const DimensionGroups& groups);

  /// One sample of the prior for every datum, [B, D].
  Var prior_sample();
  /// The critic's logit of codes [B, D]: [B]. Records the critic's own loss too, against the codes
  /// permuted within each dimension. Throws Error on a draw without critic.
  Var critic_logit(Var codes);
  /// That loss, rank 0; nothing where no term asked for the critic. It may move the group "critic"
  /// alone, and the objective every group but that.
  const std::optional<Var>& critic_loss() const { return critic_loss_; }

  /// The baseline's own loss, rank 0; nothing where the estimation has none. It may move the group
  /// "baseline" alone.
  const std::optional<Var>& baseline_loss() const { return baseline_loss_; }

  // Inputs besides data and noise -----------------------------------------------------------------
  // They are leaves that whoever replays the tape fills before each forward pass.

  /// A number that changes by step, rank 0.
  Var scheduled(const Schedule& schedule);
  struct ScheduledInput {
    Schedule schedule;
    Var leaf;
  };
  const std::vector<ScheduledInput>& scheduled_inputs() const { return scheduled_; }
  /// Standard normal numbers [B, noise_dimensions] that prior_sample() is made of.
  const std::optional<Var>& prior_noise_input() const { return prior_noise_; }
  /// Noise [B, X] that the model's dreams are scattered by, of the kind Vae::data_noise().
  const std::optional<Var>& dream_noise_input() const { return dream_noise_; }
  /// Which number of codes [B, D] each permuted one is, i32 [B D]: element b D + d is
  /// rows_d[b] D + d for a permutation rows_d of the batch.
  const std::optional<Var>& permutation_input() const { return permutation_; }

  /// The value with this key, computed at the first call.
  Var once(const std::string& key, const std::function<Var()>& compute);
  /// The same for an object's own value. The draw keeps the object alive, or a later one could be
  /// made at its address.
  Var once(const std::shared_ptr<const void>& key, const std::function<Var()>& compute);

 private:
  void sample();
  /// z as the densities of the model see it: where one sweep serves all groups, its way back to the
  /// encoder is scaled by path / decoder.
  Var weighed_z();
  /// As estimate(), with the estimation's gradient; `first` gives the first S of
  /// [samples(), B].
  Var weighed(const Bound& bound, const std::function<Var(Var)>& first);
  /// The bound [B] where an estimator differentiates it elsewhere than at the samples.
  Var elsewhere(const Estimator& estimator, const Bound& bound);
  /// log Q of the samples as fixed values, [S, B].
  Var log_posterior_at_fixed_z();
  /// log Q(z|x) of a datum that the model dreams, [1, B].
  Var dream_log_posterior();
  PairwiseLogProb pairwise(Scheme scheme, const PairwiseRequest& request);

  const Vae& model_;
  const Critic* critic_;
  const Estimation* estimation_;
  Var x_;
  Var noise_;
  Population population_;
  Posterior posterior_;
  std::shared_ptr<const Prior> prior_;
  std::optional<Var> z_, log_posterior_, gate_;
  std::deque<Bound> bounds_;  // the tape refers to them
  std::vector<ScheduledInput> scheduled_;
  std::optional<Var> prior_noise_, dream_noise_, permutation_, critic_loss_, baseline_loss_;
  std::map<std::string, Var> named_;
  std::unordered_map<std::shared_ptr<const void>, Var> objects_;
};

}  // namespace nelbo
