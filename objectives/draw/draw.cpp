#include "objectives/draw/draw.hpp"

#include "autodiff/error.hpp"
#include "autodiff/ops.hpp"
#include "objectives/bounds/bound_op.hpp"
#include "objectives/bounds/bounds.hpp"
#include "objectives/estimators/disarm.hpp"
#include "objectives/estimators/enumeration.hpp"
#include "objectives/estimators/estimate_op.hpp"
#include "objectives/estimators/relaxed.hpp"
#include "objectives/draw/grouping.hpp"

namespace nelbo {

Draw::Draw(const Vae& model, Var x, Var noise, Population population, const Critic* critic,
           const Estimation* estimation)
    : model_(model),
      critic_(critic),
      estimation_(estimation),
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
  const Estimator::Properties* const phi =
      estimation_ ? &estimation_->estimators.phi.properties() : nullptr;
  const PosteriorSample sample =
      phi && phi->codes == Estimator::Codes::straight_through
          ? estimators::straight_through_sample(posterior_, noise_, phi->temperature)
          : posterior_.draw(noise_);
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
  return once("log_likelihood", [&] { return model_.log_likelihood(weighed_z(), x_); });
}

Var Draw::log_prior() {
  return once("log_prior", [&] { return prior().log_prob(weighed_z()); });
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

// Bounds and their gradients ----------------------------------------------------------------------

Var Draw::weighed_z() {
  if (!estimation_ || !estimation_->one_sweep) return z();
  return once("weighed_z", [&] {
    switch (estimation_->estimators.phi.properties().path) {
      case Estimator::Path::none:
        return stop(z());
      case Estimator::Path::decoder:
        return z();
      case Estimator::Path::own:
        break;
    }
    gate_ = Tape::current().leaf({samples(), batch()}, noise_.dtype());
    return gate(z(), *gate_);
  });
}

Var Draw::dream_log_posterior() {
  return once("dream_log_posterior", [&] {
    const Var code = reshape(prior_sample(), {1, batch(), latent()});
    dream_noise_ = Tape::current().leaf({batch(), x_.shape()[1]}, noise_.dtype());
    const Var datum = model_.sample_data(stop(code), *dream_noise_);
    return model_.posterior(reshape(datum, {batch(), -1})).log_prob(stop(code));
  });
}

Var Draw::estimate(const Bound& wanted) {
  const bool mean = wanted.samples() == 1 && samples() > 1;
  const Bound& bound = bounds_.emplace_back(mean ? bounds::mc(samples(), wanted) : wanted);
  const std::int64_t needed = bound.samples();
  if (samples() < needed) {
    throw Error(bound.text() + " needs " + std::to_string(needed) +
                " samples per datum, the draw has " + std::to_string(samples()));
  }
  const auto first = [&](Var x) { return samples() == needed ? x : slice(x, 0, 0, needed); };
  return estimation_ ? weighed(bound, first) : bound_value(bound, first(log_weights()));
}

Var Draw::elsewhere(const Estimator& estimator, const Bound& bound) {
  const Estimator::Properties& of = estimator.properties();
  const auto log_joint = [&](Var z) { return model_.log_likelihood(z, x_) + prior().log_prob(z); };
  if (of.codes == Estimator::Codes::relaxed) {
    const Var noise = slice(noise_, 0, 0, bound.samples());
    return estimators::relaxed_bound(bound, posterior_, noise, of.temperature, log_joint);
  }
  return once("exact elbo", [&] {
    const Tensor codes = estimators::all_codes(model_.config().posterior, latent(), dtype());
    return estimators::exact_elbo(posterior_, codes, batch(), log_joint);
  });
}

Var Draw::log_posterior_at_fixed_z() {
  return once("log_posterior at fixed z", [&] {
    const bool fixed = !Tape::current().differentiable(z());
    return fixed ? log_posterior() : posterior_.log_prob(stop(z()));
  });
}

Var Draw::weighed(const Bound& bound, const std::function<Var(Var)>& first) {
  const Estimation& estimation = *estimation_;
  const Estimator &phi = estimation.estimators.phi, &theta = estimation.estimators.theta;
  const Estimator::Properties& of = phi.properties();
  estimation.estimators.check(bound);
  if (const std::string why = estimation.estimators.unfit(model_.config().posterior, latent());
      !why.empty()) {
    throw Error(why);
  }
  if (of.exact_div) return nelbo::mean(log_likelihood(), 0) - kl();
  if (estimation.one_sweep && phi.elsewhere()) {
    const Var other = elsewhere(phi, bound);
    if (of.codes == Estimator::Codes::all) return other;
    return straight_through(bound_value(bound, first(log_weights())), other);
  }

  std::optional<Var> baseline;
  if (of.baseline != Estimator::Baseline::none) {
    if (!estimation.baseline) throw Error(of.text + ": the draw has no baseline");
    baseline = once("baseline", [&] { return (*estimation.baseline)(x_); });
  }
  const Var f = first(log_weights());
  const EstimateVars w = nelbo::estimate(bound, estimation.estimators, f, baseline, gate_);
  if (baseline) baseline_loss_ = Baseline::loss(w.value, *baseline);

  Var value = w.value;
  const bool path = of.path != Estimator::Path::none;
  if (!estimation.one_sweep && model_.config().prior.kind == PriorConfig::Kind::vamp) {
    throw Error("the estimator " + estimation.estimators.text() + " for '" + bound.text() +
                "' sweeps the model twice, and the prior vamp would be reached by the wrong one; "
                "use another prior, or a single bound such as iw(m)");
  }
  for (const Var& log_p : {first(log_likelihood()), first(log_prior())}) {
    if (estimation.one_sweep) {
      value = carry(value, log_p, w.decoder);
      continue;
    }
    if (!theta.elsewhere()) value = carry(value, only(log_p, ~estimation.encoder), w.decoder);
    if (path) value = carry(value, only(log_p, estimation.encoder), w.path);
  }
  const auto share = [&](double of_each) {
    return Tape::current().leaf(Tensor::full({1, batch()}, of_each, f.dtype()));
  };
  for (const auto& [estimator, groups] :
       {std::pair{theta, Groups(~estimation.encoder)}, std::pair{phi, estimation.encoder}}) {
    if (!estimator.elsewhere()) continue;
    const Var other = only(elsewhere(estimator, bound), groups);
    value = carry(value, reshape(other, {1, batch()}), share(1));
  }
  if (path) value = carry(value, first(log_posterior()), w.path, -1);
  if (of.codes == Estimator::Codes::pairs) {
    value = carry(value, estimators::flips(posterior_, first(z())), w.direct);
    value = carry(value, first(log_posterior_at_fixed_z()), w.decoder, -1);
  } else if (of.score == Estimator::Score::own) {
    value = carry(value, first(log_posterior_at_fixed_z()), w.direct);
  }
  if (of.sleep > 0) value = carry(value, dream_log_posterior(), share(of.sleep));
  return value;
}

const DiagNormal& Draw::standard_kl_posterior(const std::string& what) const {
  const DiagNormal& diagonal = posterior_.diagonal(what);
  const PriorConfig& prior = model_.config().prior;
  if (prior.kind == PriorConfig::Kind::normal) return diagonal;
  throw Error(what + " needs the prior N(0, I); here it is " + to_string(prior) +
              " (choose --prior normal)");
}

// The aggregated posterior ------------------------------------------------------------------------

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

// Inputs ------------------------------------------------------------------------------------------

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
