#include "models/layers/conv2d.hpp"

#include "autodiff/ops/convolution_ops.hpp"

namespace nelbo {

Conv2d::Conv2d(ParameterStore& store, const std::string& name, const std::string& group,
               std::int64_t channels, std::int64_t features, Window window, Activation activation,
               const WeightInit& weight, const Initializer& bias)
    : store_(&store), window_(window), activation_(activation) {
  check_window("conv2d", name, channels, features, window);
  const std::int64_t taps = std::int64_t(window.kernel) * window.kernel;
  weight_ = store.add(name + ".weight", group, {features, channels, window.kernel, window.kernel},
                      weight(taps * channels, taps * features));
  bias_ = store.add(name + ".bias", group, {features}, bias);
}

Var Conv2d::operator()(Var x) const {
  Tape& tape = Tape::current();
  return conv2d(x, tape.parameter(*store_, weight_), tape.parameter(*store_, bias_), window_.stride,
                window_.padding, activation_);
}

}  // namespace nelbo
