#pragma once
// Reverse water-filling: the best that Nell + beta Div can become on Gaussian data with a
// unit-variance normal decoder and a standard normal prior, over all encoders and decoders
// (Shannon's rate-distortion function; Alemi et al. 2018 for its reading in VAEs).
#include <vector>

#include "models/worlds/linear_gaussian.hpp"

namespace nelbo {

/// Data x ~ N(0, diag variances).
class WaterFilling {
 public:
  /// Throws Error if there is no variance, or one that is not positive and finite.
  explicit WaterFilling(std::vector<double> variances);

  const std::vector<double>& variances() const { return variances_; }

  // At the optimum for beta > 0, nats per datum. All throw Error for another beta.
  double rate(double beta) const;       // R* = Div = I_enc = sum_i 1/2 ln+ (lambda_i / beta)
  double nell(double beta) const;       // X/2 ln 2 pi + 1/2 sum_i min(lambda_i, beta)
  int active_units(double beta) const;  // #{i: lambda_i > beta}

  /// The linear VAE that attains both: decoder diag(sqrt(lambda_i - beta)), encoder variances
  /// beta / lambda_i; a unit with lambda_i <= beta has collapsed onto the prior.
  LinearGaussian optimal_vae(double beta) const;

  /// The closed forms of any linear VAE on this data: encoder N(W x + c, diag S), decoder
  /// N(V z + a, I), standard normal prior. Throws Error for shapes that do not fit.
  LinearGaussian linear_vae(const Tensor& enc_weight, const Tensor& enc_bias, const Tensor& enc_var,
                            const Tensor& dec_weight, const Tensor& dec_bias) const;

 private:
  std::vector<double> variances_;
};

/// lambda = (4, 2, 0.5).
WaterFilling golden_water_filling();

}  // namespace nelbo
