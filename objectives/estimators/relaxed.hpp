#pragma once
// What gumbel_softmax and straight_through record. Relaxed codes z~ lie between the discrete ones:
// sigmoid((l - logit u) / T) of Bernoulli logits l, softmax((l + g) / T) of categorical ones, with
// the noise that the samples themselves are made of. log Q and log P0 go on linearly between the
// codes: sum_d z~_d log pi_d.
#include <functional>

#include "models/posteriors/posterior.hpp"
#include "objectives/bounds/bound.hpp"

namespace nelbo::estimators {

/// log P(x|z) + log P0(z) of codes z [S, B, D]: [S, B], nats.
using LogJoint = std::function<Var(Var z)>;

/// L of log-weights at relaxed codes, [B], nats, differentiable in all that it depends on; noise
/// [S, B, D] with S = bound.samples(). Jang et al. (2017),
/// Maddison et al. (2017).
Var relaxed_bound(const Bound& bound, const Posterior& q, Var noise, double temperature,
                  const LogJoint& log_joint);

/// The samples of noise [S, B, D] with log Q(z|x), whose derivative in z goes to the relaxed codes;
/// Bengio et al. (2013).
PosteriorSample straight_through_sample(const Posterior& q, Var noise, double temperature);

}  // namespace nelbo::estimators
