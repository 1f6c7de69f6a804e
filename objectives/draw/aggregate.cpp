#include "objectives/draw/aggregate.hpp"

#include "autodiff/error.hpp"
#include "autodiff/ops.hpp"
#include "models/batch_part.hpp"

namespace nelbo {
namespace {

PairwiseLogProb pairwise(Draw& draw, Scheme scheme, const PairwiseRequest& request) {
  const Population& population = draw.population();
  const std::int64_t batch = whole_batch(draw.batch());
  const SchemeWeights w = weights(scheme, population.size, batch);
  const DiagNormal& posterior = draw.posterior().diagonal("the aggregated posterior");
  const auto whole = [&](const char* key, int axis, Var rows) {
    return draw.once(Key::nelbo(key), [&] { return of_whole_batch(rows, axis); });
  };
  const Var z = whole("z of the whole batch", 1, draw.z());
  const DiagNormal own{whole("means of the whole batch", 0, posterior.mean),
                       whole("log-variances of the whole batch", 0, posterior.log_variance)};
  const PairwiseWeights pairwise{.other = w.other, .own = w.own, .stand_in = w.stand_in};
  if (scheme != Scheme::full || batch == population.size) {
    return pairwise_normal_log_prob(z, own.mean, own.log_variance, pairwise, request);
  }
  if (!population.posteriors) {
    throw Error("scheme full: compares each sample with the posteriors of all " +
                std::to_string(population.size) + " data, and this draw has those of a batch of " +
                std::to_string(batch) + "; use 'strat', or the decomposition of a trained model");
  }
  const DiagNormal& all = *population.posteriors;
  return pairwise_normal_log_prob(z, all.mean, all.log_variance, pairwise, request);
}

}  // namespace

AggregateLogProb aggregate(Draw& draw, Scheme scheme) {
  const auto key = [&](const char* part) { return Key::nelbo("aggregate " + name(scheme) + part); };
  // Both at once: every pair's densities are needed for either.
  std::optional<AggregateLogProb> fresh;
  const auto compute = [&] {
    if (fresh) return;
    if (scheme == Scheme::average) {
      const AggregateLogProb naive = aggregate(draw, Scheme::naive),
                             loo = aggregate(draw, Scheme::loo);
      fresh = {(naive.joint + loo.joint) * 0.5, (naive.marginals + loo.marginals) * 0.5};
    } else {
      const auto both = pairwise(draw, scheme, {.joint = true, .marginals = true});
      fresh = {both.joint, both.marginals};
    }
  };
  const Var joint = draw.once(key(" joint"), [&] {
    compute();
    return fresh->joint;
  });
  const Var marginals = draw.once(key(" marginals"), [&] {
    compute();
    return fresh->marginals;
  });
  return {joint, marginals};
}

Var aggregate_groups(Draw& draw, Scheme scheme, const DimensionGroups& groups) {
  return draw.once(Key::nelbo("aggregate " + name(scheme) + " groups " + Grouping(groups).text()),
                   [&]() -> Var {
                     if (scheme == Scheme::average) {
                       return (aggregate_groups(draw, Scheme::naive, groups) +
                               aggregate_groups(draw, Scheme::loo, groups)) *
                              0.5;
                     }
                     return pairwise(draw, scheme, {.joint = false, .groups = groups}).groups;
                   });
}

}  // namespace nelbo
