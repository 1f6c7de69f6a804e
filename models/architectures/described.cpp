#include "models/architectures/described.hpp"

#include "autodiff/setting_error.hpp"
#include "models/architectures/head.hpp"
#include "models/architectures/last_axes.hpp"
#include "models/architectures/layer_types.hpp"
#include "models/architectures/output.hpp"
#include "models/layers/conv2d.hpp"
#include "models/layers/conv_transpose2d.hpp"
#include "models/layers/sequential.hpp"

namespace nelbo {
namespace {

constexpr std::size_t most_parameters = std::size_t{1} << 28;

/// A network as far as it is built: of values [.., <first shape>] it makes values [.., shape].
struct Built {
  Sequential layers;
  Shape shape;
};

class Builder {
 public:
  Builder(const NetworkDescription& network, ParameterStore& store)
      : network_(network), store_(store) {}

  Built build(const std::string& part, const std::string& group,
              const std::vector<LayerDescription>& layers, const Shape& in) const {
    Built built{{}, in};
    int with_parameters = 0;
    for (std::size_t i = 0; i < layers.size(); ++i) {
      const std::string where =
          part + ", layer " + std::to_string(i + 1) + ", " + layers[i].type + ": ";
      try {
        const LayerPlace place{store_, part + "." + std::to_string(with_parameters), group};
        const BuiltLayer one = layer_type(layers[i].type).build(layers[i], built.shape, place);
        built.layers.append(one.layer);
        built.shape = one.out;
        with_parameters += one.has_parameters;
        if (store_.count() > most_parameters) {
          throw Error("would make more than " + std::to_string(most_parameters) + " parameters");
        }
      } catch (const Error& error) {
        refuse(where + error.what());
      }
    }
    return built;
  }

  [[noreturn]] void refuse(const std::string& reason) const {
    throw SettingError("model", network_.name + ": " + reason);
  }

 private:
  const NetworkDescription& network_;
  ParameterStore& store_;
};

/// Of an example, [H, W, C] with C = 1 where it has none, or [X].
Shape layer_shape(const Shape& example) {
  if (example.rank() == 2) return {example[0], example[1], 1};
  if (example.rank() == 3) return example;
  return {example.size()};
}

/// The last layer: [.., in] to [.., P X], P the likelihood's numbers for each feature.
Layer output_of(const Builder& builder, const Shape& in, const VaeConfig& config,
                const DataMoments& moments, ParameterStore& store) {
  if (in.rank() == 1) return decoder_output(store, in[0], config, moments);
  const Shape example = layer_shape(config.example);
  const bool image = example.rank() == 3;
  const bool same = image && in[0] == example[0] && in[1] == example[1];
  const bool half = image && 2 * in[0] == example[0] && 2 * in[1] == example[1];
  if (!same && !half) {
    builder.refuse("decoder: ends in images " + in.text() + ", and an example is " +
                   config.example.text() +
                   "; end it in images as large or half as large, or in a flatten");
  }
  const std::int64_t parameters = config.likelihood->outputs(), features = example[2] * parameters;
  const Initializer start = output_start_of_channels(config, moments, example[2]);
  const WeightInit weights = output_weights(config);
  constexpr auto name = "decoder.output", group = "theta";
  constexpr auto identity = Activation::identity;
  const auto output = [&]() -> Layer {
    if (same) {
      return Conv2d(store, name, group, in[2], features, {.kernel = 3, .padding = 1}, identity,
                    weights, start);
    }
    return ConvTranspose2d(store, name, group, in[2], features,
                           {.kernel = 4, .stride = 2, .padding = 1}, identity, weights, start);
  }();
  const Layer apart = [output, parameters](Var x) {
    return parameters_first(output(x), parameters, 1, x.shape()[0]);
  };
  return of_rows(apart, in, {parameters * config.example.size()});
}

}  // namespace

Coders described_coders(const NetworkDescription& network, const VaeConfig& config,
                        const DataMoments& moments, ParameterStore& store) {
  const Builder builder(network, store);
  const Shape example = layer_shape(config.example);
  const Built encoder = builder.build("encoder", "phi", network.encoder, example);
  const Shape features{encoder.shape.size()};
  const Linear head = encoder_head(store, features[0], config);
  const Built decoder = builder.build("decoder", "theta", network.decoder, {config.dimensions()});
  const Layer output = output_of(builder, decoder.shape, config, moments, store);
  return {[encoder, head, example, features](Var x) {
            const Var last = encoder.layers(last_axes_as(x, 1, example));
            return head(last_axes_as(last, encoder.shape.rank(), features));
          },
          [decoder, output](Var z) { return output(decoder.layers(z)); }};
}

}  // namespace nelbo
