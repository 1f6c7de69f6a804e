#include "objectives/draw/critic.hpp"

#include "autodiff/ops.hpp"
#include "models/init.hpp"
#include "models/layers/linear.hpp"

namespace nelbo {

Critic::Critic(ParameterStore& store, std::int64_t latent) {
  std::vector<Linear> hidden;
  std::int64_t inputs = latent;
  for (std::int64_t i = 0; i < depth; ++i) {
    hidden.emplace_back(store, "critic." + std::to_string(i), group, inputs, width,
                        Activation::identity, he_normal);
    inputs = width;
  }
  const Linear output(store, "critic.output", group, inputs, 1);
  net_ = [hidden, output](Var x) {
    for (const Linear& layer : hidden) x = leaky_relu(layer(x), 0.2);
    return output(x);
  };
}

Var Critic::logit(Var z) const { return reshape(net_(z), {z.shape()[0]}); }

Var Critic::loss(Var logit_of_codes, Var logit_of_permuted) const {
  return (mean(softplus(-logit_of_codes)) + mean(softplus(logit_of_permuted))) * 0.5;
}

}  // namespace nelbo
