#include "models/architectures/dense.hpp"

#include "models/architectures/head.hpp"
#include "models/layers/mlp.hpp"

namespace nelbo {
namespace {

using Widths = std::vector<std::int64_t>;

Widths reversed(const Widths& widths) { return {widths.rbegin(), widths.rend()}; }

Layer dense_encoder(const VaeConfig& config, const Widths& widths, Activation activation,
                    ParameterStore& store) {
  const Mlp hidden(store, "encoder", "phi", config.example.size(), widths, activation);
  return Sequential{hidden, encoder_head(store, hidden.outputs(), config)};
}

Layer dense_decoder(const VaeConfig& config, const Widths& widths, Activation activation,
                    const Tensor& mean, ParameterStore& store) {
  const Mlp hidden(store, "decoder", "theta", config.dimensions(), widths, activation);
  const Linear output(store, "decoder.output", "theta", hidden.outputs(), config.example.size(),
                      Activation::identity, glorot_uniform,
                      deferred([likelihood = config.likelihood, mean] {
                        return constant(likelihood->output_start(mean));
                      }));
  return Sequential{hidden, output};
}

}  // namespace

Coders mlp_coders(const VaeConfig& config, const Tensor& mean, ParameterStore& store) {
  const Activation activation = config.activation.value_or(Activation::tanh);
  return {dense_encoder(config, config.hidden, activation, store),
          dense_decoder(config, reversed(config.hidden), activation, mean, store)};
}

Coders chen_mlp_coders(const VaeConfig& config, const Tensor& mean, ParameterStore& store) {
  return {dense_encoder(config, config.hidden, Activation::relu, store),
          dense_decoder(config, {1200, 1200, 1200}, Activation::tanh, mean, store)};
}

}  // namespace nelbo
