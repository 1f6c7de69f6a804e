#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "autodiff/activation.hpp"
#include "autodiff/shape.hpp"
#include "models/layers/window.hpp"

namespace nelbo {

/// One layer of a described network; layer_types.hpp says which types there are, and what each of them
/// takes.
struct LayerDescription {
  std::string type;  // "conv"
  std::int64_t width =
      0;               // numbers or channels that it gives; of a residual block those within it,
                       // 0: as many as it is given
  Window window = {};  // of convolutions
  Activation activation = Activation::identity;
  Shape shape = {};  // of reshape
  double rate = 0;   // of dropout
};

/// Encoder and decoder as lists of layers. The encoder's head, which fits the posterior, and the
/// decoder's output, which fits the likelihood, are none of them: they follow by themselves
/// (described.hpp).
struct NetworkDescription {
  std::string name;  // for messages: a model's, or that of a file
  std::vector<LayerDescription> encoder, decoder;
};

}  // namespace nelbo
