#include "objectives/estimators/dream.hpp"

#include "autodiff/ops/elementwise_ops.hpp"
#include "autodiff/ops/shape_ops.hpp"
#include "objectives/draw/draw.hpp"

namespace nelbo::estimators {

Var dream_log_posterior(const Model& model, Var z, Var noise, std::optional<Var> condition) {
  const Var code = stop(z), output = model.decode(code, condition);
  const Var each = reshape(noise, {1, z.shape()[1], -1});
  const Var x = reshape(model.likelihood()->sample(output, each), {z.shape()[1], -1});
  return model.posterior(Batch(x, condition))->log_prob(code);
}

Var dream_log_posterior(Draw& draw) {
  return draw.once(Key::nelbo("dream_log_posterior"), [&] {
    const Model& model = draw.model();
    const std::int64_t batch = draw.batch(), features = draw.x().shape()[1];
    const Noise kind = model.likelihood()->noise();
    const Var code = reshape(draw.prior_sample(), {1, batch, draw.latent()});
    const Var noise = draw.input(Key::nelbo("dream"), {batch, features},
                                 [=](const Tensor& data, const Moment& moment) {
                                   fill_noise(kind, data.reshape({1, batch, features}),
                                              moment.block(moment.variables.dream));
                                 });
    return dream_log_posterior(model, code, noise, draw.data().condition);
  });
}

}  // namespace nelbo::estimators
