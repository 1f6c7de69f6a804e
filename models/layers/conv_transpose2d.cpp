#include "models/layers/conv_transpose2d.hpp"

#include "autodiff/ops/convolution_ops.hpp"

namespace nelbo {

ConvTranspose2d::ConvTranspose2d(ParameterStore& store, const std::string& name,
                                 const std::string& group, std::int64_t channels,
                                 std::int64_t features, Window window, Activation activation,
                                 const WeightInit& weight, const Initializer& bias)
    : store_(&store), window_(window), activation_(activation) {
  check_window("conv_transpose2d", name, channels, features, window);
  const std::int64_t taps = std::int64_t(window.kernel) * window.kernel;
  weight_ = store.add(name + ".weight", group, {channels, features, window.kernel, window.kernel},
                      weight(taps * channels, taps * features));
  bias_ = store.add(name + ".bias", group, {features}, bias);
}

Var ConvTranspose2d::operator()(Var x) const {
  Tape& tape = Tape::current();
  return conv_transpose2d(x, tape.parameter(*store_, weight_), tape.parameter(*store_, bias_),
                          window_.stride, window_.padding, activation_);
}

}  // namespace nelbo
