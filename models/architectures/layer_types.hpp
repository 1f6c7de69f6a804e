#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <variant>
#include <vector>

#include "autodiff/parameters.hpp"
#include "models/architectures/network_description.hpp"
#include "models/layers/layer.hpp"

namespace nelbo {

/// The value of a key, as a file has it.
using LayerValue = std::variant<bool, std::int64_t, double, std::string, std::vector<std::int64_t>>;

/// What a layer is told: "channels".
struct LayerKey {
  std::string name;
  bool wanted = false;  // must be given
  /// Throws Error saying what it must be.
  std::function<void(LayerDescription&, const LayerValue&)> set;
};

/// A layer as it is declared: of values [.., in] it makes values [.., out], whatever the leading axes.
struct BuiltLayer {
  Layer layer;
  Shape out;
  bool has_parameters = false;
};

/// Where the parameters of a layer go: "encoder.3" in "phi".
struct LayerPlace {
  ParameterStore& store;
  std::string name, group;
};

/// A kind of layer that networks are described with.
struct LayerType {
  std::string name;
  std::vector<LayerKey> keys;
  LayerDescription usual;  // what it is where a key is not given
  /// Declares it for values of shape `in`: [F], or images [H, W, C]. Throws Error saying what it takes
  /// for a shape that is none, and where it would give more than 2^24 numbers.
  std::function<BuiltLayer(const LayerDescription&, const Shape& in, const LayerPlace&)> build;
};

/// The types, with their keys and what these are unless given:
///   dense           width, activation (identity): activation(x W + b) of a vector [F]
///   conv            channels, kernel (3), stride (1), padding (0), activation (identity): of images
///   conv_transpose  the same: the transpose of conv, which makes images larger
///   residual        width (the input's), kernel (3, of images; odd), activation (relu):
///                   x + layer(act(layer(act(x)))), two dense layers or two convolutions that keep the
///                   size; it starts as the identity. He et al. (2016), "Identity mappings in deep
///                   residual networks"
///   layer_norm      none: over the numbers, or the channels of each pixel
///   activation      activation
///   dropout         rate
///   flatten         none: an image [H, W, C] becomes a vector
///   reshape         shape: of one vector or image
/// Activations are those of activation_words.hpp.
const std::vector<LayerType>& layer_types();

/// Throws Error naming the nearest, or all there are.
const LayerType& layer_type(const std::string& name);

}  // namespace nelbo
