#include "objectives/estimators/dream.hpp"

#include "autodiff/ops/elementwise_ops.hpp"
#include "autodiff/ops/shape_ops.hpp"

namespace nelbo::estimators {

Var dream_log_posterior(const Model& model, Var z, Var noise, std::optional<Var> condition) {
  const Var code = stop(z), output = model.decode(code, condition);
  const Var x = reshape(model.likelihood()->sample(output, noise), {z.shape()[1], -1});
  return model.posterior(Batch(x, condition))->log_prob(code);
}

}  // namespace nelbo::estimators
