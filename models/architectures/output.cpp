#include "models/architectures/output.hpp"

#include "autodiff/ops/shape_ops.hpp"

namespace nelbo {

WeightInit output_weights(const VaeConfig& config) {
  return [p = config.likelihood->outputs()](std::int64_t in, std::int64_t out) {
    return glorot_uniform(in, out / p);
  };
}

Linear decoder_output(ParameterStore& store, std::int64_t features, const VaeConfig& config,
                      const DataMoments& moments) {
  const std::int64_t outputs = config.likelihood->outputs() * config.example.size();
  return Linear(store, "decoder.output", "theta", features, outputs, Activation::identity,
                output_weights(config), deferred([likelihood = config.likelihood, moments] {
                  return constant(likelihood->output_start(moments));
                }));
}

Initializer output_start_of_channels(const VaeConfig& config, const DataMoments& moments,
                                     std::int64_t channels) {
  return deferred([likelihood = config.likelihood, moments, channels] {
    return constant(likelihood->output_start(of_channels(moments, channels)));
  });
}

Var parameters_first(Var images, std::int64_t parameters, std::int64_t draws, std::int64_t batch) {
  if (parameters == 1) return reshape(images, {draws, batch, -1});
  const std::int64_t channels = images.shape()[-1] / parameters;
  const Var apart = reshape(images, {draws * batch, -1, parameters, channels});
  return reshape(permute(apart, {0, 2, 1, 3}), {draws, batch, -1});
}

}  // namespace nelbo
