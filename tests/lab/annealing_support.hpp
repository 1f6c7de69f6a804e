#pragma once
// A linear-Gaussian world as what annealing takes: its model in float32, data of the world and of
// the model, and exact answers in double.
#include <cmath>
#include <vector>

#include "autodiff/random.hpp"
#include "lab/evaluation/annealing/readings.hpp"
#include "lab/evaluation/annealing/temperatures.hpp"
#include "lab/evaluation/inference.hpp"
#include "models/worlds/linear_gaussian_model.hpp"

namespace nelbo::tests {

/// The Cholesky factor of a symmetric matrix [n, n].
inline std::vector<double> cholesky(const Tensor& a) {
  const std::int64_t n = a.shape()[0];
  std::vector<double> l(std::size_t(n * n), 0);
  for (std::int64_t i = 0; i < n; ++i) {
    for (std::int64_t j = 0; j <= i; ++j) {
      double sum = a.at({i, j});
      for (std::int64_t k = 0; k < j; ++k) sum -= l[i * n + k] * l[j * n + k];
      l[i * n + j] = i == j ? std::sqrt(sum) : sum / l[j * n + j];
    }
  }
  return l;
}

struct AnnealedWorld {
  explicit AnnealedWorld(LinearGaussian of = golden_linear_gaussian())
      : model(store, of.parameters()) {
    store.freeze(0);
  }
  const LinearGaussian& world() const { return model.world(); }

  annealing::AnnealingPlan plan(annealing::Path path, std::int64_t temperatures,
                                double highest = 1) const {
    return {
        .path = path, .betas = annealing::sigmoid_temperatures(temperatures, highest), .seed = 3};
  }
  /// n data of the world's data distribution, [n, X].
  Tensor data(std::int64_t n) const { return model.data(n, 7); }
  /// n data of P0(z) P(x|z).
  annealing::SimulatedData simulated(std::int64_t n) const {
    const LinearGaussianParameters& p = world().parameters();
    const std::int64_t X = world().data_dimensions(), D = world().latent_dimensions();
    const std::vector<double> factor = cholesky(p.prior_cov);
    Tensor noise({n, D + X}, DType::f64), z({n, D}), x({n, X});
    fill_normal(noise.data_as<double>(), {.stream = {11, StreamId::user},
                                          .batch = std::size_t(n),
                                          .dimensions = std::size_t(D + X)});
    for (std::int64_t b = 0; b < n; ++b) {
      for (std::int64_t i = 0; i < D; ++i) {
        double at = p.prior_mean.at({i});
        for (std::int64_t j = 0; j <= i; ++j) at += factor[i * D + j] * noise.at({b, j});
        z.set({b, i}, at);
      }
      for (std::int64_t i = 0; i < X; ++i) {
        double at = p.dec_bias.at({i}) + std::sqrt(p.dec_var.at({i})) * noise.at({b, D + i});
        for (std::int64_t j = 0; j < D; ++j) at += p.dec_weight.at({i, j}) * z.at({b, j});
        x.set({b, i}, at);
      }
    }
    return {x, z};
  }
  /// log P(x), [n].
  std::vector<double> log_px(const Tensor& x) const {
    return world().log_evidence(x.cast(DType::f64));
  }

  ParameterStore store;
  LinearGaussianModel model;
};

inline const annealing::Watch unwatched{[](double) { return true; }, {}};

}  // namespace nelbo::tests
