#pragma once
#include <optional>

#include "autodiff/parameters.hpp"
#include "autodiff/random.hpp"
#include "autodiff/tape.hpp"
#include "models/layers/linear.hpp"
#include "models/model.hpp"
#include "models/worlds/linear_gaussian.hpp"

namespace nelbo {

/// The encoder of a linear-Gaussian model and where it starts.
enum class LinearEncoder {
  diagonal,  // N(W x + c, diag s^2), the world's
  full,      // N(W x + c, L L'), the world's, with a Cholesky factor L that starts diagonal
  posterior  // the same, starting at P(Z|x): the bound is tight there
};

/// The linear-Gaussian world as a model that can be differentiated. Its data, prior and decoder
/// variance are fixed; these parameters start at the world's (a layer's weight is [inputs,
/// outputs], the world's matrix transposed):
///   phi    encoder.weight [X, D], encoder.bias [D], encoder.log_variance [D] (log L_dd^2 of a full
///          encoder), encoder.below [D (D - 1) / 2] (a full one's L below its diagonal, by rows)
///   theta  decoder.weight [D, X], decoder.bias [X]
/// The gradients' exact moments: linear_gaussian_theory.hpp.
class LinearGaussianModel final : public Model {
 public:
  /// Declares the parameters; freeze the store before recording. The store must outlive the model.
  /// Throws Error for a world that checked() refuses.
  LinearGaussianModel(ParameterStore& store, const LinearGaussianParameters& world,
                      LinearEncoder encoder = LinearEncoder::diagonal);

  /// The world where the parameters start.
  const LinearGaussian& world() const { return world_; }
  Covariance covariance() const { return below_ ? Covariance::full : Covariance::diagonal; }

  /// B data of the world, [B, X], of the store's type. Datum b depends on the seed and b only.
  Tensor data(std::int64_t batch, std::uint64_t seed) const;
  /// B others for each stream and step.
  Tensor data(std::int64_t batch, const Stream& stream, std::uint64_t step) const;

  const ParameterStore& store() const override { return *store_; }
  CodeSpace codes() const override {
    return {CodeSpace::Kind::continuous, world_.latent_dimensions()};
  }
  std::int64_t features() const override { return world_.data_dimensions(); }
  std::shared_ptr<const Posterior> posterior(const Batch& batch) const override;
  using Model::prior;
  /// N(mu_0, Sigma_0) with the world's full covariance.
  std::shared_ptr<const Prior> prior(std::optional<Var> condition) const override;
  Var log_likelihood(Var z, const Batch& batch) const override;
  Var log_joint(Var z, const Batch& batch) const override;

 private:
  ParameterStore* store_;
  LinearGaussian world_;
  Linear encoder_;
  ParameterId log_variance_;
  std::optional<ParameterId> below_;
  Linear decoder_;
  Tensor whitener_, whitened_mean_;  // of the prior, [D, D] for rows, and [D]
  double log_prior_scale_;           // 1/2 log |Sigma_0|
};

}  // namespace nelbo
