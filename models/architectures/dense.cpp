#include "models/architectures/dense.hpp"

#include "autodiff/ops/elementwise_ops.hpp"
#include "autodiff/setting_error.hpp"
#include "models/architectures/head.hpp"
#include "models/architectures/output.hpp"
#include "models/layers/mlp.hpp"

namespace nelbo {
namespace {

using Widths = std::vector<std::int64_t>;

Widths reversed(const Widths& widths) { return {widths.rbegin(), widths.rend()}; }

/// x, and a condition behind it, less the training mean [X] of x, which is no parameter: a model holds it as it holds its widths.
Layer centred(const VaeConfig& config, const Tensor& mean) {
  const std::int64_t features = config.example.size(), shown = config.encoder_inputs();
  if (config.centre_mean.empty() && mean.size() != features) {
    throw SettingError("centre", "the mean of the training data is not known");
  }
  std::vector<double> numbers = config.centre_mean.empty() ? mean.values() : config.centre_mean;
  numbers.resize(std::size_t(shown));  // 0 of the condition behind x
  const Tensor centre = Tensor::of(numbers, {shown}, DType::f64);
  return [centre](Var x) { return x - x.tape().leaf(centre.cast(x.dtype())); };
}

Layer dense_encoder(const VaeConfig& config, const Widths& widths, const HiddenKind& kind,
                    const Tensor& mean, ParameterStore& store) {
  const Mlp hidden(store, "encoder", "phi", config.encoder_inputs(), widths, kind);
  Sequential encoder;
  if (config.centre) encoder.append(centred(config, mean));
  encoder.append(hidden);
  encoder.append(encoder_head(store, hidden.outputs(), config));
  return encoder;
}

Layer dense_decoder(const VaeConfig& config, const Widths& widths, const HiddenKind& kind,
                    const DataMoments& moments, ParameterStore& store) {
  const std::int64_t inputs = config.dimensions() + config.conditions;
  const Mlp hidden(store, "decoder", "theta", inputs, widths, kind);
  return Sequential{hidden, decoder_output(store, hidden.outputs(), config, moments)};
}

}  // namespace

Coders mlp_coders(const VaeConfig& config, const DataMoments& moments, ParameterStore& store) {
  const Activation usual = config.gated ? Activation::identity : Activation::tanh;
  const HiddenKind kind{.activation = config.activation.value_or(usual),
                        .layer_norm = config.layer_norm,
                        .gated = config.gated,
                        .dropout = config.dropout};
  return {dense_encoder(config, config.hidden, kind, moments.mean, store),
          dense_decoder(config, reversed(config.hidden), kind, moments, store)};
}

Coders chen_mlp_coders(const VaeConfig& config, const DataMoments& moments, ParameterStore& store) {
  return {
      dense_encoder(config, config.hidden, {.activation = Activation::relu}, moments.mean, store),
      dense_decoder(config, {1200, 1200, 1200}, {.activation = Activation::tanh}, moments, store)};
}

}  // namespace nelbo
