#pragma once
#include <vector>

#include "autodiff/parameters.hpp"
#include "models/distributions/normal.hpp"
#include "models/layers/linear.hpp"
#include "models/layers/mlp.hpp"
#include "models/model.hpp"
#include "models/posteriors/posterior_family.hpp"

namespace nelbo {

/// A model of one number x with a bent posterior of two dimensions, after the "banana" of Haario et al.
/// (1999):
///   prior    P0(z) = N(0, I)
///   decoder  P(x|z) = N(z_2 + bend (z_1^2 - 1), deviation^2)
/// log P(x) is an integral over z_1 alone, and the ELBO of a normal has a closed form.
struct Banana {
  double bend = 0.5, deviation = 0.5;

  /// log P(x), nats, by quadrature to rounding.
  double log_evidence(double x) const;
  /// The mean and the Cholesky factor of a normal of two dimensions.
  struct Gaussian {
    double mean_1 = 0, mean_2 = 0, log_diagonal_1 = 0, log_diagonal_2 = 0, below = 0;
  };
  /// E_q [log P(x, z) - log q(z)], nats.
  double elbo(double x, const Gaussian& q) const;
  /// log P(x) less the largest ELBO that a normal of that covariance has, nats: to 1e-6.
  double best_gap(double x, Covariance covariance) const;
};

/// It as a model, with an encoder of 16 tanh units before any posterior of real codes. Prior and decoder
/// have no parameters; group "phi" holds encoder.0.*, encoder.head.* and posterior.*.
class BananaModel final : public Model {
 public:
  /// Declares the parameters; freeze the store before recording. The store must outlive the model.
  BananaModel(ParameterStore& store, const PosteriorFamily& posterior, const Banana& banana = {});

  /// Three data, [3, 1], at which best_gap() is at least .1 nat: -1, -0.5 and 0.
  static std::vector<double> data() { return {-1, -0.5, 0}; }

  const ParameterStore& store() const override { return *store_; }
  CodeSpace codes() const override { return {CodeSpace::Kind::continuous, 2}; }
  std::int64_t features() const override { return 1; }
  std::shared_ptr<const Posterior> posterior(const Batch& batch) const override;
  using Model::prior;
  std::shared_ptr<const Prior> prior(std::optional<Var> condition) const override;
  Var log_likelihood(Var z, const Batch& batch) const override;

 private:
  const ParameterStore* store_;
  Banana banana_;
  Mlp hidden_;
  Linear head_;
  PosteriorRecorder posterior_;
};

}  // namespace nelbo
