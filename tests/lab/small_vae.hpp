#pragma once
// A small VAE on fixed data, for studies of its gradients.
#include <memory>

#include "autodiff/parameters.hpp"
#include "lab/studies/study_model.hpp"
#include "models/vae.hpp"

namespace nelbo::tests {

struct SmallVae {
  static constexpr std::int64_t X = 6, B = 5, D = 2;

  explicit SmallVae(const char* prior = "normal", DType dtype = DType::f64)
      : store(dtype), x({B, X}, dtype) {
    VaeConfig config;
    config.architecture = "mlp";
    config.example = Shape{X};
    config.latent = D;
    config.hidden = {4};
    config.prior = parse_prior(prior);
    model = std::make_unique<Vae>(
        config, DataMoments{Tensor::full({X}, 0.4), Tensor::full({X}, 0.24)}, store);
  }
  /// Once all networks are declared.
  void start() {
    store.freeze(5);
    for (std::int64_t b = 0; b < B; ++b) {
      for (std::int64_t j = 0; j < X; ++j) x.set({b, j}, double((b * X + j) * 7 % 5 < 2));
    }
  }
  /// At its B data, of 12, whose entropy is given out as 2 nats.
  gradvar::StudyModel study() const {
    return {.model = *model,
            .x = x,
            .auxiliaries = &auxiliaries,
            .population = {.size = 12, .entropy = 2}};
  }

  ParameterStore store;
  Tensor x;
  std::unique_ptr<Vae> model;
  Auxiliaries auxiliaries;
};

}  // namespace nelbo::tests
