// What a rule that weights samples records on a draw.
#include "autodiff/ops/elementwise_ops.hpp"
#include "autodiff/ops/reduce_ops.hpp"
#include "autodiff/ops/shape_ops.hpp"
#include "objectives/draw/draw.hpp"
#include "objectives/draw/estimate_bound.hpp"
#include "objectives/estimators/baseline.hpp"
#include "objectives/estimators/estimate_op.hpp"
#include "objectives/estimators/weighted_rule.hpp"

namespace nelbo {

std::vector<WeightedRule::Direct> WeightedRule::direct(const CodeBlock& codes,
                                                       const Bound& bound) const {
  if (properties_.score == Score::total) return {};
  return {{first_samples(codes.log_posterior_at_fixed_z(), bound), Direct::By::score}};
}

std::vector<Auxiliary> WeightedRule::auxiliaries() const {
  if (properties_.baseline == Baseline::none) return {};
  return {nelbo::baseline(properties_.baseline)};
}

Var WeightedRule::record(Draw& draw, const Bound& bound) const {
  return record_weighted(draw, bound, *this, *this);
}

Var WeightedRule::expectation(Draw& draw, const PerCode& of) const {
  return with_score(of(draw.codes()), draw.codes().log_posterior_at_fixed_z());
}

PosteriorSample WeightedRule::sample(const Posterior& q, Var noise) const {
  const PosteriorSample own = q.draw(noise);
  if (properties_.path != Path::none || q.product() == nullptr || q.has_rsample()) return own;
  return {stop(own.z), q.log_prob(stop(own.z))};
}

Var with_score(Var values, Var log_q) {
  const double s = double(values.shape()[0]);
  const Var signal = stop(values);
  const Var weights = s == 1 ? signal : (signal - mean(signal, 0, Keep::yes)) * (s / (s - 1));
  return values + stop(weights) * (log_q - stop(log_q));
}

/// The gate of the draw stands where its densities were taken: ask for them first.
Var record_weighted(Draw& draw, const Bound& bound, const WeightedRule& phi,
                    const WeightedRule& theta) {
  using Path = WeightedRule::Path;
  using Direct = WeightedRule::Direct;
  const WeightedRule::Properties& of = phi.properties();
  const Groups encoder = draw.model().encoder();
  Codes& codes = draw.codes();
  std::optional<Var> baseline;
  if (of.baseline != WeightedRule::Baseline::none) {
    baseline = draw.once(Key::nelbo("baseline"),
                         [&] { return draw.network(baseline_group, of.text)(draw.x()); });
  }
  const Var f = first_samples(codes.log_weights(), bound);
  const EstimateVars w = estimate(bound, phi, theta, f, baseline, draw.gate());
  if (baseline) draw.learn(baseline_group, baseline_loss(w.value, *baseline));

  Var value = w.value;
  const bool path = of.path != Path::none;
  for (const Var& log_p :
       {first_samples(codes.log_likelihood(), bound), first_samples(codes.log_prior(), bound)}) {
    // Discrete samples carry no path that must be kept from the encoder.
    if (draw.estimation()->one_sweep() || phi.reaches_decoder()) {
      value = carry(value, log_p, w.decoder);
      continue;
    }
    value = carry(value, only(log_p, ~encoder), w.decoder);
    if (path) value = carry(value, only(log_p, encoder), w.path);
  }
  if (path) value = carry(value, first_samples(codes.log_posterior(), bound), w.path, -1);
  const CodeBlock all(draw);
  for (const Direct& direct : phi.direct(all, bound)) {
    value = carry(value, direct.x, weight_of(direct, w), direct.scale);
  }
  phi.learn(all, bound);
  return value;
}

}  // namespace nelbo
