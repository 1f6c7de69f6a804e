#include "models/architectures/conv28.hpp"

#include "models/architectures/described.hpp"
#include "models/architectures/image_shape.hpp"

namespace nelbo {

Coders conv28_coders(const VaeConfig& config, const DataMoments& moments, ParameterStore& store) {
  image_channels("conv28", 28, config.example);
  constexpr auto relu = Activation::relu;
  constexpr Window halving{.kernel = 4, .stride = 2, .padding = 1};
  const NetworkDescription network{
      .name = "conv28",
      .encoder = {{.type = "conv", .width = 32, .window = halving, .activation = relu},
                  {.type = "conv", .width = 64, .window = halving, .activation = relu},
                  {.type = "flatten"},
                  {.type = "dense", .width = 256, .activation = relu}},
      .decoder = {{.type = "dense", .width = 256, .activation = relu},
                  {.type = "dense", .width = 7 * 7 * 64, .activation = relu},
                  {.type = "reshape", .shape = {7, 7, 64}},
                  {.type = "conv_transpose", .width = 32, .window = halving, .activation = relu}}};
  return described_coders(network, config, moments, store);
}

}  // namespace nelbo
