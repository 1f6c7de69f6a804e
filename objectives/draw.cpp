#include "objectives/draw.hpp"

#include "autodiff/error.hpp"
#include "autodiff/ops.hpp"
#include "objectives/grouping.hpp"

namespace nelbo {

Draw::Draw(const Vae& model, Var x, Var noise, Population population, const Critic* critic)
    : model_(model),
      critic_(critic),
      x_(x),
      noise_(noise),
      population_(std::move(population)),
      posterior_(model.posterior(x)) {
  const Shape expected{noise.shape()[0], x.shape()[0], model.dimensions()};
  if (!(noise.shape() == expected)) {
    throw Error("draw: noise " + noise.shape().text() + " for data " + x.shape().text() +
                "; expected [S, B, D] = " + expected.text());
  }
}

const Prior& Draw::prior() {
  if (!prior_) prior_ = model_.prior();
  return *prior_;
}

void Draw::sample() {
  const PosteriorSample sample = posterior_.draw(noise_);
  z_ = sample.z;
  log_posterior_ = sample.log_prob;
}

Var Draw::z() {
  if (!z_) sample();
  return *z_;
}

Var Draw::z(const std::string& what) {
  if (posterior_.has_rsample()) return z();
  throw Error(what + ": " + no_rsample(posterior_.family()));
}

Var Draw::log_posterior() {
  if (!log_posterior_) sample();
  return *log_posterior_;
}

Var Draw::log_likelihood() {
  return once("log_likelihood", [&] { return model_.log_likelihood(z(), x_); });
}

Var Draw::log_prior() {
  return once("log_prior", [&] { return prior().log_prob(z()); });
}

Var Draw::log_prior_marginals() {
  return once("log_prior_marginals", [&] { return prior().marginal_log_prob(z()); });
}

Var Draw::kl() {
  return once("kl", [&] { return prior().kl(posterior_); });
}

Var Draw::log_weights() {
  return once("log_weights", [&] { return log_likelihood() + (log_prior() - log_posterior()); });
}

const DiagNormal& Draw::standard_kl_posterior(const std::string& what) const {
  const DiagNormal& diagonal = posterior_.diagonal(what);
  const PriorConfig& prior = model_.config().prior;
  if (prior.kind == PriorConfig::Kind::normal) return diagonal;
  throw Error(what + " needs the prior N(0, I); here it is " + to_string(prior) +
              " (choose --prior normal)");
}

// The aggregated posterior
// ------------------------------------------------------------------------------------------------

PairwiseLogProb Draw::pairwise(Scheme scheme, const PairwiseRequest& request) {
  const SchemeWeights w = weights(scheme, population_.size, batch());
  const DiagNormal& own = posterior_.diagonal("the aggregated posterior");
  const PairwiseWeights pairwise{.other = w.other, .own = w.own, .stand_in = w.stand_in};
  if (scheme != Scheme::full || batch() == population_.size) {
    return pairwise_normal_log_prob(z(), own.mean, own.log_variance, pairwise, request);
  }
  if (!population_.posteriors) {
    throw Error("scheme full: compares each sample with the posteriors of all " +
                std::to_string(population_.size) + " data, and this draw has those of a batch of " +
                std::to_string(batch()) + "; use 'strat', or 'nelbo decompose'");
  }
  const DiagNormal& all = *population_.posteriors;
  return pairwise_normal_log_prob(z(), all.mean, all.log_variance, pairwise, request);
}

AggregateLogProb Draw::aggregate(Scheme scheme) {
  const auto key = [&](const char* part) { return "aggregate " + name(scheme) + part; };
  // Both at once: every pair's densities are needed for either.
  std::optional<AggregateLogProb> fresh;
  const auto compute = [&] {
    if (fresh) return;
    if (scheme == Scheme::average) {
      const AggregateLogProb naive = aggregate(Scheme::naive), loo = aggregate(Scheme::loo);
      fresh = {(naive.joint + loo.joint) * 0.5, (naive.marginals + loo.marginals) * 0.5};
    } else {
      const auto both = pairwise(scheme, {.joint = true, .marginals = true});
      fresh = {both.joint, both.marginals};
    }
  };
  const Var joint = once(key(" joint"), [&] {
    compute();
    return fresh->joint;
  });
  const Var marginals = once(key(" marginals"), [&] {
    compute();
    return fresh->marginals;
  });
  return {joint, marginals};
}

Var Draw::aggregate_groups(Scheme scheme, const DimensionGroups& groups) {
  return once("aggregate " + name(scheme) + " groups " + Grouping(groups).text(), [&]() -> Var {
    if (scheme == Scheme::average) {
      return (aggregate_groups(Scheme::naive, groups) + aggregate_groups(Scheme::loo, groups)) *
             0.5;
    }
    return pairwise(scheme, {.joint = false, .groups = groups}).groups;
  });
}

// Inputs
// ------------------------------------------------------------------------------------------------

Var Draw::scheduled(const Schedule& schedule) {
  return once("schedule " + schedule.text(), [&] {
    const Var leaf = Tape::current().leaf(Tensor::full({}, schedule.at(0), noise_.dtype()));
    scheduled_.push_back({schedule, leaf});
    return leaf;
  });
}

Var Draw::prior_sample() {
  return once("prior_sample", [&] {
    prior_noise_ = Tape::current().leaf({batch(), prior().noise_dimensions()}, noise_.dtype());
    return prior().sample(*prior_noise_);
  });
}

Var Draw::critic_logit(Var codes) {
  if (!critic_) throw Error("factor_tc: this draw has no critic network");
  return once("critic_logit", [&] {
    permutation_ = Tape::current().leaf({batch() * latent()}, DType::i32);
    const Var permuted =
        reshape(gather_rows(reshape(codes, {-1, 1}), *permutation_), {batch(), latent()});
    const Var logit = critic_->logit(codes);
    critic_loss_ = critic_->loss(logit, critic_->logit(permuted));
    return logit;
  });
}

Var Draw::once(const std::string& key, const std::function<Var()>& compute) {
  if (const auto found = named_.find(key); found != named_.end()) return found->second;
  const Var value = compute();
  named_.emplace(key, value);
  return value;
}

Var Draw::once(const std::shared_ptr<const void>& key, const std::function<Var()>& compute) {
  if (const auto found = objects_.find(key); found != objects_.end()) return found->second;
  const Var value = compute();
  objects_.emplace(key, value);
  return value;
}

}  // namespace nelbo
