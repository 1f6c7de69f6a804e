#include "models/layers/layer_norm.hpp"

#include "autodiff/error.hpp"
#include "autodiff/ops/elementwise_ops.hpp"
#include "autodiff/ops/reduce_ops.hpp"
#include "models/init.hpp"

namespace nelbo {

LayerNorm::LayerNorm(ParameterStore& store, const std::string& name, const std::string& group,
                     std::int64_t size)
    : store_(&store) {
  if (size < 1) throw Error("layer_norm '" + name + "': size " + std::to_string(size) + " below 1");
  gain_ = store.add(name + ".weight", group, {size}, constant(Tensor::full({size}, 1)));
  bias_ = store.add(name + ".bias", group, {size}, zeros());
}

Var LayerNorm::operator()(Var x) const {
  Tape& tape = Tape::current();
  const Var gain = tape.parameter(*store_, gain_);
  const Var bias = tape.parameter(*store_, bias_);
  if (x.shape().rank() < 1 || x.shape()[-1] != gain.shape()[0]) {
    throw Error("layer_norm: " + x.shape().text() + " does not end in an axis of length " +
                std::to_string(gain.shape()[0]));
  }
  const Var centred = x - mean(x, -1, Keep::yes);
  const Var scale = sqrt(mean(square(centred), -1, Keep::yes) + 1e-5);
  return gain * (centred / scale) + bias;
}

}  // namespace nelbo
