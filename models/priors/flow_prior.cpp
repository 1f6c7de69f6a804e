#include "models/priors/flow_prior.hpp"

#include "autodiff/ops/density_ops.hpp"
#include "autodiff/ops/elementwise_ops.hpp"
#include "autodiff/ops/shape_ops.hpp"
#include "models/priors/check_dimensions.hpp"

namespace nelbo {
Var FlowPrior::log_prob(Var z) const {
  check_dimensions(*this, z, dimensions_);
  std::optional<Var> log_det;
  for (const auto& flow : flows_) {
    const Transformed next = flow->forward(z, {});
    z = next.z;
    log_det = log_det ? *log_det + next.log_det : next.log_det;
  }
  const Var of_noise = standard_normal_log_prob(z);
  return log_det ? of_noise + *log_det : of_noise;
}

Var FlowPrior::sample(Var noise) const {
  check_dimensions(*this, noise, dimensions_);
  Var z = stop(noise);
  for (auto flow = flows_.rbegin(); flow != flows_.rend(); ++flow) z = (*flow)->inverse(z, {});
  return stop(z);
}

}  // namespace nelbo
