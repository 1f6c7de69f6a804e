#pragma once
#include <memory>

#include "autodiff/tensor.hpp"
#include "models/worlds/world.hpp"

namespace nelbo {

/// The numbers that define a linear-Gaussian world, float64; X data and D latent dimensions.
///   data     x ~ N(data_mean, data_cov)
///   encoder  Q(z|x) = N(enc_weight x + enc_bias, diag enc_var)
///   prior    P0(z) = N(prior_mean, prior_cov)
///   decoder  P(x|z) = N(dec_weight z + dec_bias, diag dec_var)
struct LinearGaussianParameters {
  Tensor data_mean;   // [X]
  Tensor data_cov;    // [X, X]
  Tensor enc_weight;  // [D, X]
  Tensor enc_bias;    // [D]
  Tensor enc_var;     // [D]
  Tensor prior_mean;  // [D]
  Tensor prior_cov;   // [D, D]
  Tensor dec_weight;  // [X, D]
  Tensor dec_bias;    // [X]
  Tensor dec_var;     // [X]
};

/// The parameters as row-major float64. Throws Error naming the parameter if a shape does not fit,
/// a number is not finite, a covariance is not symmetric and positive definite, or a variance is
/// not positive.
LinearGaussianParameters checked(const LinearGaussianParameters& parameters);

/// N(weight x + bias, covariance) of z given x.
struct LinearPosterior {
  Tensor weight;      // [D, X]
  Tensor bias;        // [D]
  Tensor covariance;  // [D, D]
};

/// A world in which everything is Gaussian: every term of Zheng eqs (3)-(35) in closed form, for
/// any prior covariance.
class LinearGaussian : public World {
 public:
  /// Throws Error for parameters that checked() refuses.
  explicit LinearGaussian(const LinearGaussianParameters& parameters);
  ~LinearGaussian() override;
  LinearGaussian(LinearGaussian&&) noexcept;

  const LinearGaussianParameters& parameters() const;
  std::int64_t data_dimensions() const;    // X
  std::int64_t latent_dimensions() const;  // D

  ExactTerms exact() const override;
  LogDensities draw(const Stream& stream, std::uint64_t step, std::uint32_t first,
                    std::size_t count) const override;
  /// At x = data_mean.
  WeightFacts weight_facts() const override;
  std::vector<double> log_weights(const Stream& stream, std::uint64_t step, std::uint32_t first,
                                  std::size_t count) const override;

  /// P_dec(Z|x), the posterior of the model itself.
  LinearPosterior true_posterior() const;

  // Samples, from standard normal noise: x [S, X], z [S, D].
  Tensor sample_data(const Tensor& noise) const;
  Tensor sample_encoder(const Tensor& x, const Tensor& noise) const;

  // Log-densities [S] at x [S, X] and z [S, D], nats.
  std::vector<double> log_encoder(const Tensor& x, const Tensor& z) const;    // log Q(z|x)
  std::vector<double> log_decoder(const Tensor& x, const Tensor& z) const;    // log P(x|z)
  std::vector<double> log_prior(const Tensor& z) const;                       // log P0(z)
  std::vector<double> log_prior_marginals(const Tensor& z) const;             // sum_j log P0_j
  std::vector<double> log_aggregate(const Tensor& z) const;                   // log P_enc(z)
  std::vector<double> log_aggregate_marginals(const Tensor& z) const;         // sum_j log P_enc_j
  std::vector<double> log_evidence(const Tensor& x) const;                    // log P_dec(x)
  std::vector<double> log_posterior(const Tensor& x, const Tensor& z) const;  // log P_dec(z|x)

  /// KL(Q(Z|x) || P_dec(Z|x)) = log P_dec(x) - ELBO(x) at one x [X], Zheng eq. (12).
  double gap_at(const Tensor& x) const;
  /// E_Q r^k at one x [X] for the normalised importance weight r = P_dec(z|x) / Q(z|x) and k >= 1:
  /// infinite unless k Sigma_p^-1 - (k - 1) S^-1 is positive definite.
  double weight_moment(const Tensor& x, double k) const;
  /// Var_Q r = E_Q r^2 - 1 at one x: log P(x) - IW_m is chi^2 / (2 m) to first order.
  double chi_squared(const Tensor& x) const { return weight_moment(x, 2) - 1; }
  /// Whether r has a finite moment of order k; does not depend on x.
  bool has_weight_moment(double k) const;

 private:
  struct Parts;
  std::unique_ptr<const Parts> parts_;
};

/// The instance whose terms every test knows to ten digits: X = D = 2, a correlated prior, and
/// importance weights of infinite variance.
LinearGaussian golden_linear_gaussian();

/// A random instance with X data and D latent dimensions, well conditioned.
LinearGaussian random_linear_gaussian(std::int64_t data_dimensions, std::int64_t latent_dimensions,
                                      std::uint64_t seed);

}  // namespace nelbo
