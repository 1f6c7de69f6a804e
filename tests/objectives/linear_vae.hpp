#pragma once
// A VAE that is linear both ways, whose parameters a test sets or trains:
//   Q(z|x) = N(x W + c, diag exp s), P0 = N(0, I), P(x|z) = N(z V + a, I).
#include <cmath>
#include <functional>
#include <memory>
#include <string>

#include "models/vae.hpp"

namespace nelbo::tests {

struct LinearVae {
  /// D dimensions of data and of codes. W and V start at the identity; c, s and a at 0.
  explicit LinearVae(int dimensions, DType dtype = DType::f64) : D(dimensions), store(dtype) {
    VaeConfig config;
    config.architecture = "mlp";
    config.example = Shape{D};
    config.latent = D;
    config.hidden = {D};  // a layer that stays the identity
    config.activation = Activation::identity;
    config.likelihood = parse_likelihood("normal");
    const DataMoments moments{Tensor({D}, DType::f64), Tensor::full({D}, 1, DType::f64)};
    model = std::make_unique<Vae>(config, moments, store);
    store.freeze(1);
    hold();
    set_square("encoder.head.weight", [](int i, int j) { return i == j; });
    set_square("decoder.output.weight", [](int i, int j) { return i == j; });
  }

  /// Puts back what is no parameter of the linear model: the hidden layers, and the weights that
  /// would let the variances depend on x.
  void hold() const {
    for (const char* side : {"encoder.0", "decoder.0"}) {
      set_square(std::string(side) + ".weight", [](int i, int j) { return i == j; });
      const Tensor bias = store.tensor(std::string(side) + ".bias");
      for (int i = 0; i < D; ++i) bias.set({i}, 0);
    }
    const Tensor head = store.tensor("encoder.head.weight");
    for (int i = 0; i < D; ++i) {
      for (int j = 0; j < D; ++j) head.set({i, D + j}, 0);
    }
  }
  /// The first D columns of a weight [D, D or 2D].
  void set_square(const std::string& name, const std::function<double(int, int)>& value) const {
    const Tensor weight = store.tensor(name);
    for (int i = 0; i < D; ++i) {
      for (int j = 0; j < D; ++j) weight.set({i, j}, value(i, j));
    }
  }
  /// The same variance s2 of every code.
  void set_variance(double s2) const {
    const Tensor bias = store.tensor("encoder.head.bias");
    for (int j = 0; j < D; ++j) bias.set({D + j}, std::log(s2));
  }

  int D;
  ParameterStore store;
  std::unique_ptr<Vae> model;
};

}  // namespace nelbo::tests
