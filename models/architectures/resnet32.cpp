#include "models/architectures/resnet32.hpp"

#include "models/architectures/described.hpp"
#include "models/architectures/image_shape.hpp"

namespace nelbo {

Coders resnet32_coders(const VaeConfig& config, const DataMoments& moments, ParameterStore& store) {
  image_channels("resnet32", 32, config.example);
  constexpr auto relu = Activation::relu;
  constexpr Window halving{.kernel = 4, .stride = 2, .padding = 1};
  // Blocks and what follows them begin with an activation, so convolutions before them have none.
  const auto down = [&](std::int64_t features) {
    return LayerDescription{.type = "conv", .width = features, .window = halving};
  };
  const auto up = [&](std::int64_t features) {
    return LayerDescription{.type = "conv_transpose", .width = features, .window = halving};
  };
  const LayerDescription block{.type = "residual", .activation = relu},
      activation{.type = "activation", .activation = relu}, flatten{.type = "flatten"},
      dense{.type = "dense", .width = 256, .activation = relu};
  const NetworkDescription network{
      .name = "resnet32",
      .encoder = {down(32), block, down(64), block, down(64), block, activation, flatten, dense},
      .decoder = {dense,
                  {.type = "dense", .width = 4 * 4 * 64},
                  {.type = "reshape", .shape = {4, 4, 64}},
                  block,
                  up(64),
                  block,
                  up(32),
                  block,
                  activation}};
  return described_coders(network, config, moments, store);
}

}  // namespace nelbo
