#pragma once
// A small Bernoulli VAE in double on fixed data and noise, and its densities in plain loops.
#include <cmath>
#include <memory>
#include <numbers>
#include <vector>

#include "autodiff/random.hpp"
#include "models/vae.hpp"
#include "objectives/draw/draw.hpp"

namespace nelbo::tests {

struct VaeFixture {
  static constexpr int X = 6, H = 5;

  VaeFixture(int samples, int batch, int latent, const char* prior = "normal",
             const char* posterior = "diagonal")
      : S(samples), B(batch), D(latent) {
    VaeConfig config;
    config.architecture = "mlp";
    config.example = Shape{X};
    config.latent = D;
    config.hidden = {H};
    config.prior = parse_prior(prior);
    config.posterior = parse_posterior(posterior);
    const DataMoments moments{Tensor::full({X}, 0.4, DType::f64),
                              Tensor::full({X}, 0.24, DType::f64)};
    model = std::make_unique<Vae>(config, moments, store);
    store.freeze(5);
    const Tensor bits({B, X}, DType::f64), normal({S, B, D}, DType::f64);
    for (int i = 0; i < B * X; ++i) bits.data_as<double>()[i] = (i * 7 + i / 3) % 5 < 2;
    fill_normal(normal.data_as<double>(), {.stream = {9, StreamId::noise},
                                           .draws = std::size_t(S),
                                           .batch = std::size_t(B),
                                           .dimensions = std::size_t(D)});
    x = tape.leaf(bits);
    noise = tape.leaf(normal);
  }

  /// log N(z_sb,d; posterior n, dimension d).
  double log_q(Draw& draw, int s, int b, int n, int d) const {
    const double m = draw.posterior().diagonal("test").mean.value().at({n, d});
    const double v = draw.posterior().diagonal("test").log_variance.value().at({n, d});
    const double z = draw.z().value().at({s, b, d});
    return -0.5 * (std::log(2 * std::numbers::pi) + v + (z - m) * (z - m) * std::exp(-v));
  }
  /// log N(z_sb,d; 0, 1).
  double log_p(Draw& draw, int s, int b, int d) const {
    const double z = draw.z().value().at({s, b, d});
    return -0.5 * (std::log(2 * std::numbers::pi) + z * z);
  }

  int S, B, D;
  ParameterStore store{DType::f64};
  std::unique_ptr<Vae> model;
  Tape tape;
  Recording recording{tape};
  Var x, noise;
};

}  // namespace nelbo::tests
