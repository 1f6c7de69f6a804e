#pragma once
// What tests of layers hold them against.
#include "models/layers.hpp"

#include "tests/models/support.hpp"

namespace nelbo::tests {

/// A copy of the layer's output for x.
inline Tensor apply(const Layer& layer, const Tensor& x) {
  Tape tape;
  Recording recording(tape);
  return layer(tape.leaf(x)).value().cast(DType::f64);
}

/// Gradients of <cotangent, layer(x)> with respect to x and all parameters against central
/// differences.
inline void check_layer_gradient(const ParameterStore& store, const Layer& layer, const Tensor& x) {
  const Tensor u = numbers(apply(layer, x).shape(), 99);
  const auto value = [&] {
    Tape tape;
    Recording recording(tape);
    return sum(layer(tape.leaf(x)) * tape.leaf(u)).item();
  };
  Tape tape;
  GradientSink sink(store);
  Var leaf;
  {
    Recording recording(tape);
    leaf = tape.leaf(x, true);
    tape.backward(sum(layer(leaf) * tape.leaf(u)), all_groups, sink);
  }
  const auto check = [&](const Tensor& at, const Tensor& gradient, const std::string& name) {
    for (std::int64_t i = 0; i < at.size(); ++i) {
      double& w = at.data_as<double>()[i];
      const double centre = w, h = 1e-6;
      w = centre + h;
      const double up = value();
      w = centre - h;
      const double down = value();
      w = centre;
      INFO(name << ", element " << i);
      CHECK(gradient.values()[std::size_t(i)] ==
            Approx((up - down) / (2 * h)).epsilon(1e-6).margin(1e-7));
    }
  };
  check(x, tape.adjoint(leaf), "input");
  for (std::uint32_t i = 0; i < store.entries().size(); ++i) {
    check(store.tensor(ParameterId{i}), sink.tensor(store, ParameterId{i}),
          store.entries()[i].name);
  }
}

/// "encoder.0.weight [3, 2]", ...
inline std::vector<std::string> names(const ParameterStore& store) {
  std::vector<std::string> all;
  for (const auto& entry : store.entries()) all.push_back(entry.name + " " + entry.shape.text());
  return all;
}

}  // namespace nelbo::tests
