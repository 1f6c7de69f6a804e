#include "models/posteriors/flow_posterior.hpp"

#include "autodiff/ops/elementwise_ops.hpp"
#include "autodiff/ops/shape_ops.hpp"

namespace nelbo {

PosteriorSample FlowPosterior::draw(Var noise) const {
  auto [z, log_prob] = base_.rsample_log_prob(noise);
  std::vector<std::function<Var(Var)>> way;
  for (const auto& flow : flows_) {
    const Transformed next = flow->forward(z, context_);
    z = next.z;
    log_prob = log_prob - next.log_det;
    way.push_back(next.push_score);
  }
  return {z, log_prob, [noise, log_variance = stop(base_.log_variance), way] {
            Var score = -(noise * exp(-0.5 * log_variance));
            for (const auto& push : way) score = push(score);
            return score;
          }};
}

Var FlowPosterior::log_prob(Var z) const {
  std::optional<Var> log_det;
  for (auto flow = flows_.rbegin(); flow != flows_.rend(); ++flow) {
    z = (*flow)->inverse(z, context_);
    const Var own = (*flow)->forward(z, context_).log_det;
    log_det = log_det ? *log_det + own : own;
  }
  const Var of_base = base_.log_prob(z);
  return log_det ? of_base - *log_det : of_base;
}

Var FlowPosterior::expectation() const {
  const Shape mean = base_.mean.shape();
  Var z = reshape(base_.mean, {1, mean[0], mean[1]});
  for (const auto& flow : flows_) z = flow->forward(z, context_).z;
  return reshape(z, mean);
}

}  // namespace nelbo
