#pragma once
#include <cstdint>

#include "autodiff/parameters.hpp"
#include "autodiff/tape.hpp"
#include "models/model.hpp"

namespace nelbo {

struct RainforthConfig {
  std::int64_t dimensions = 20;  // D, of z and of x
  double delta = 0.1;            // Ax + b - (x + mu)/2: the encoder's mean less the posterior's
  double residual = 1;           // (x - mu)/2
  double variance = 2.0 / 3;     // s^2, the encoder's variance (not its standard deviation)
};

/// The config itself. Throws Error for fewer than one dimension, a variance that is not positive,
/// and numbers that are not finite.
const RainforthConfig& checked(const RainforthConfig& config);

/// The toy of Rainforth et al. (2018), "Tighter variational bounds are not necessarily better",
/// section 4, at one datum:
///   prior    P0(z) = N(mu, I)         mu: parameter "prior.mean" [D] of group "theta"
///   decoder  P(x|z) = N(z, I)
///   encoder  Q(z|x) = N(Ax + b, s^2 I)  A = I/2 is fixed, b: "encoder.bias" [D] of group "phi"
/// The posterior is N((x + mu)/2, I/2): with s^2 = 1/2 and b = mu/2 it is the encoder. Parameters
/// start at mu = 0 and b = delta, which with x = 2 residual give what the config says in every
/// coordinate. What the gradient estimators do here is known: rainforth_theory.hpp.
class RainforthToy final : public Model {
 public:
  /// Declares the parameters; freeze the store before recording. Throws Error for a config that
  /// checked() refuses.
  RainforthToy(ParameterStore& store, const RainforthConfig& config = {});

  const RainforthConfig& config() const { return config_; }
  /// The datum, [1, D], of the store's type.
  Tensor x() const;

  const ParameterStore& store() const override { return *store_; }
  CodeSpace codes() const override { return {CodeSpace::Kind::continuous, config_.dimensions}; }
  std::int64_t features() const override { return config_.dimensions; }
  /// Diagonal.
  std::shared_ptr<const Posterior> posterior(const Batch& batch) const override;
  using Model::prior;
  std::shared_ptr<const Prior> prior(std::optional<Var> condition) const override;
  Var log_likelihood(Var z, const Batch& batch) const override;
  Var log_joint(Var z, const Batch& batch) const override;

 private:
  RainforthConfig config_;
  const ParameterStore* store_;
  ParameterId prior_mean_, bias_;
};

}  // namespace nelbo
