#include "models/architectures/conv64.hpp"

#include "autodiff/ops/shape_ops.hpp"
#include "models/architectures/head.hpp"
#include "models/architectures/image_shape.hpp"
#include "models/architectures/output.hpp"
#include "models/layers.hpp"

namespace nelbo {
namespace {

constexpr auto relu = Activation::relu;
constexpr Window halving{.kernel = 4, .stride = 2, .padding = 1};
const Shape image_core{4, 4, 64};  // what four halvings leave of 64x64

}  // namespace

Coders conv64_coders(const VaeConfig& config, const DataMoments& moments, ParameterStore& store) {
  const std::int64_t channels = image_channels("conv64", 64, config.example),
                     core = image_core.size();

  const Sequential encoder{
      Unflatten({64, 64, channels}),
      Conv2d(store, "encoder.0", "phi", channels, 32, halving, relu),
      Conv2d(store, "encoder.1", "phi", 32, 32, halving, relu),
      Conv2d(store, "encoder.2", "phi", 32, 64, halving, relu),
      Conv2d(store, "encoder.3", "phi", 64, 64, halving, relu),
      Flatten(),
      Linear(store, "encoder.4", "phi", core, 256, relu),
      encoder_head(store, 256, config),
  };

  const Sequential decoder{
      Linear(store, "decoder.0", "theta", config.dimensions(), 256, relu),
      Linear(store, "decoder.1", "theta", 256, core, relu),
      Unflatten(image_core),
      ConvTranspose2d(store, "decoder.2", "theta", 64, 64, halving, relu),
      ConvTranspose2d(store, "decoder.3", "theta", 64, 32, halving, relu),
      ConvTranspose2d(store, "decoder.4", "theta", 32, 32, halving, relu),
      ConvTranspose2d(store, "decoder.output", "theta", 32, channels * config.likelihood->outputs(),
                      halving, Activation::identity, output_weights(config),
                      output_start_of_channels(config, moments, channels)),
  };
  // The convolutions see one axis S*B.
  const Layer restore_draws = [decoder, p = config.likelihood->outputs()](Var z) {
    return parameters_first(decoder(z), p, z.shape()[0], z.shape()[1]);
  };
  return {encoder, restore_draws};
}

}  // namespace nelbo
