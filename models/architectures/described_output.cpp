#include "models/architectures/described_output.hpp"

#include "models/init.hpp"
#include "models/layers/conv2d.hpp"
#include "models/layers/conv_transpose2d.hpp"
#include "models/layers/linear.hpp"

namespace nelbo {
namespace {

constexpr const char* name = "decoder.output";
constexpr const char* group = "theta";
constexpr auto identity = Activation::identity;

/// Mean of every channel of images [H, W, C] given as a vector: [C].
Tensor channel_means(const Tensor& mean, std::int64_t channels) {
  std::vector<double> sums(std::size_t(channels), 0.0);
  const std::vector<double> values = mean.values();
  for (std::size_t i = 0; i < values.size(); ++i) sums[i % sums.size()] += values[i];
  for (double& sum : sums) sum /= double(values.size()) / double(channels);
  return Tensor::of(sums, {channels}, DType::f64);
}

}  // namespace

Layer dense_output(ParameterStore& store, std::int64_t inputs, const VaeConfig& config,
                   const Tensor& mean) {
  return Linear(store, name, group, inputs, config.example.size(), identity, glorot_uniform,
                deferred([likelihood = config.likelihood, mean] {
                  return constant(likelihood->output_start(mean));
                }));
}

Layer image_output(ParameterStore& store, std::int64_t inputs, std::int64_t channels,
                   ImageOutput kind, const Window& window, const VaeConfig& config,
                   const Tensor& mean) {
  const Initializer start = deferred([likelihood = config.likelihood, mean, channels] {
    return constant(likelihood->output_start(channel_means(mean, channels)));
  });
  if (kind == ImageOutput::convolution) {
    return Conv2d(store, name, group, inputs, channels, window, identity, glorot_uniform, start);
  }
  return ConvTranspose2d(store, name, group, inputs, channels, window, identity, glorot_uniform,
                         start);
}

}  // namespace nelbo
