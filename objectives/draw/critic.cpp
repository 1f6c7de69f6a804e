#include "objectives/draw/critic.hpp"

#include "autodiff/ops.hpp"
#include "models/init.hpp"
#include "models/layers/linear.hpp"

namespace nelbo {
namespace {

constexpr std::int64_t width = 1000, depth = 6;

Layer declare(ParameterStore& store, const Model& model) {
  std::vector<Linear> hidden;
  std::int64_t inputs = model.codes().dimensions();
  for (std::int64_t i = 0; i < depth; ++i) {
    hidden.emplace_back(store, "critic." + std::to_string(i), critic_group, inputs, width,
                        Activation::identity, he_normal);
    inputs = width;
  }
  const Linear output(store, "critic.output", critic_group, inputs, 1);
  return [hidden, output](Var z) {
    for (const Linear& layer : hidden) z = leaky_relu(layer(z), 0.2);
    return reshape(output(z), {z.shape()[0]});
  };
}

}  // namespace

Auxiliary critic() {
  return {.group = critic_group,
          .optimizer = {.beta1 = 0.5, .beta2 = 0.9},
          .rate = 1e-4,
          .declare = declare};
}

Var critic_loss(Var logit_of_codes, Var logit_of_permuted) {
  return (mean(softplus(-logit_of_codes)) + mean(softplus(logit_of_permuted))) * 0.5;
}

}  // namespace nelbo
