#pragma once
// A linear-Gaussian world of a condition, in closed form, and the conditional autoencoder that is it:
//   z | c ~ N(A c, I),  x | z, c ~ N(W z + V c + b, s2 I),
// so that x | c ~ N((W A + V) c + b, W W' + s2 I), and Z | x, c is normal with the covariance
// P = (I + W'W / s2)^-1 and the mean P (W'(x - V c - b) / s2 + A c).
#include <cmath>
#include <memory>
#include <numbers>
#include <string>
#include <vector>

#include "models/vae.hpp"
#include "models/worlds/dense.hpp"

namespace nelbo::tests {

struct ConditionalWorld {
  static constexpr int X = 4, L = 2, C = 3;
  static constexpr double s2 = 0.5;

  ConditionalWorld()
      : W({X, L}, DType::f64), V({X, C}, DType::f64), A({L, C}, DType::f64), b({X, 1}, DType::f64) {
    int k = 0;
    for (const Tensor* matrix : {&W, &V, &A, &b}) {
      for (std::int64_t i = 0; i < matrix->size(); ++i) {
        matrix->data_as<double>()[i] = std::sin(1.7 * ++k);
      }
    }
  }

  /// log p(x_obs|c) of columns, nats: the marginal of what of x is not NaN.
  double log_px(const Tensor& x, const Tensor& c) const {
    using namespace dense;
    const Tensor H = rows_of_identity(x, true);  // takes the observed entries
    const Tensor r = residual(x, c, H);
    const Factor cov(H * covariance() * transposed(H));
    return -0.5 * (double(r.size()) * std::log(2 * std::numbers::pi) + cov.log_determinant() +
                   dot(r, cov.solve(r)));
  }
  /// E[X_mis | x_obs, c], a column of what of x is NaN.
  Tensor expected_missing(const Tensor& x, const Tensor& c) const {
    using namespace dense;
    const Tensor H = rows_of_identity(x, true), M = rows_of_identity(x, false);
    const Factor cov(H * covariance() * transposed(H));
    return M * ((W * A + V) * c + b) +
           M * covariance() * transposed(H) * cov.solve(residual(x, c, H));
  }
  Tensor covariance() const {
    using namespace dense;
    return W * transposed(W) + s2 * identity(X);
  }
  Tensor posterior_covariance() const {
    using namespace dense;
    return Factor(identity(L) + (1 / s2) * (transposed(W) * W)).inverse();
  }
  /// KL(N(m, diag P) || N(m, P)), nats: what a diagonal posterior of the true means leaves.
  double diagonal_gap() const {
    using namespace dense;
    const Tensor P = posterior_covariance();
    return 0.5 * (Factor(P).log_determinant() - sum_log(diagonal_of(P))) +
           0.5 * (trace(Factor(P).inverse() * diagonal(diagonal_of(P))) - L);
  }

  /// An autoencoder without hidden layers, whose decoder and prior are the world's. `posterior` full is
  /// started at Q(Z|x,c) = P(Z|x,c), diagonal at its mean and at the diagonal of its covariance.
  std::unique_ptr<Vae> model(ParameterStore& store, const std::string& posterior,
                             VaeConfig::Missing missing = VaeConfig::Missing::none) const {
    using namespace dense;
    VaeConfig config;
    config.example = Shape{X};
    config.latent = L;
    config.linear = true;
    config.conditions = C;
    config.missing = missing;
    config.likelihood = parse_likelihood("normal:0.5");
    config.posterior = parse_posterior(posterior);
    config.prior = parse_prior("conditional");
    const DataMoments moments{Tensor({X}, DType::f64), Tensor::full({X}, 1, DType::f64)};
    auto vae = std::make_unique<Vae>(config, moments, store);
    store.freeze(1);
    set(store.tensor("decoder.output.weight"), 0, 0, transposed(W));
    set(store.tensor("decoder.output.weight"), L, 0, transposed(V));
    set(store.tensor("decoder.output.bias").reshape({1, X}), 0, 0, transposed(b));
    set(store.tensor("prior.weight"), 0, 0, transposed(A));

    const Tensor P = posterior_covariance(), of_x = (1 / s2) * (P * transposed(W));
    const Tensor head = store.tensor("encoder.head.weight");
    set(head, 0, 0, Tensor(head.shape(), DType::f64));
    set(head, 0, 0, transposed(of_x));
    set(head, X, 0, transposed(P * A - of_x * V));
    const Tensor bias = store.tensor("encoder.head.bias");
    const Tensor shift = -1.0 * (of_x * b), factor = Factor(P).lower();
    for (int l = 0; l < L; ++l) {
      bias.set({l}, shift.at({l, 0}));
      const bool full = posterior == "full";
      bias.set({L + l}, std::log(full ? factor.at({l, l}) * factor.at({l, l}) : P.at({l, l})));
      if (full && l > 0) bias.set({2 * L}, factor.at({1, 0}));
    }
    return vae;
  }

  Tensor W, V, A, b;

 private:
  Tensor rows_of_identity(const Tensor& x, bool observed) const {
    std::vector<std::int64_t> which;
    for (std::int64_t i = 0; i < X; ++i) {
      if (std::isnan(x.at({i, 0})) != observed) which.push_back(i);
    }
    const Tensor rows({std::int64_t(which.size()), X}, DType::f64);
    for (std::size_t r = 0; r < which.size(); ++r) rows.set({std::int64_t(r), which[r]}, 1);
    return rows;
  }
  /// What is observed, less its mean.
  Tensor residual(const Tensor& x, const Tensor& c, const Tensor& H) const {
    using namespace dense;
    const Tensor known({X, 1}, DType::f64);
    for (std::int64_t i = 0; i < X; ++i) {
      if (!std::isnan(x.at({i, 0}))) known.set({i, 0}, x.at({i, 0}));
    }
    return H * (known - ((W * A + V) * c + b));
  }
  static void set(const Tensor& to, std::int64_t row, std::int64_t column, const Tensor& from) {
    for (std::int64_t i = 0; i < from.shape()[0]; ++i) {
      for (std::int64_t j = 0; j < from.shape()[1]; ++j) {
        to.set({row + i, column + j}, from.at({i, j}));
      }
    }
  }
};

}  // namespace nelbo::tests
