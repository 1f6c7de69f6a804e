#include "models/worlds/water_filling.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string>

#include "autodiff/error.hpp"
#include "models/worlds/dense.hpp"

namespace nelbo {
namespace {

void check_beta(double beta) {
  if (!(beta > 0 && std::isfinite(beta))) {
    throw Error("water-filling: beta is " + std::to_string(beta) + ", wanted a positive number");
  }
}

}  // namespace

WaterFilling::WaterFilling(std::vector<double> variances) : variances_(std::move(variances)) {
  if (variances_.empty()) throw Error("water-filling: no variances");
  for (double lambda : variances_) {
    if (!(lambda > 0 && std::isfinite(lambda))) {
      throw Error("water-filling: a variance is " + std::to_string(lambda) +
                  ", wanted positive numbers");
    }
  }
}

double WaterFilling::rate(double beta) const {
  check_beta(beta);
  double sum = 0;
  for (double lambda : variances_) sum += std::max(0.0, std::log(lambda / beta) / 2);
  return sum;
}

double WaterFilling::nell(double beta) const {
  check_beta(beta);
  double sum = 0;
  for (double lambda : variances_) {
    sum += (std::log(2 * std::numbers::pi) + std::min(lambda, beta)) / 2;
  }
  return sum;
}

int WaterFilling::active_units(double beta) const {
  check_beta(beta);
  return int(std::count_if(variances_.begin(), variances_.end(),
                           [beta](double lambda) { return lambda > beta; }));
}

LinearGaussian WaterFilling::optimal_vae(double beta) const {
  check_beta(beta);
  std::vector<double> decoder, encoder, S;
  for (double lambda : variances_) {
    decoder.push_back(std::sqrt(std::max(0.0, lambda - beta)));
    encoder.push_back(decoder.back() / lambda);
    S.push_back(std::min(1.0, beta / lambda));
  }
  const std::int64_t n = std::int64_t(variances_.size());
  const Tensor zeros({n}, DType::f64);
  const auto vector = [n](const std::vector<double>& v) { return Tensor::of(v, {n}, DType::f64); };
  return linear_vae(dense::diagonal(vector(encoder)), zeros, vector(S),
                    dense::diagonal(vector(decoder)), zeros);
}

LinearGaussian WaterFilling::linear_vae(const Tensor& enc_weight, const Tensor& enc_bias,
                                        const Tensor& enc_var, const Tensor& dec_weight,
                                        const Tensor& dec_bias) const {
  const std::int64_t X = std::int64_t(variances_.size()), D = enc_bias.size();
  return LinearGaussian({.data_mean = Tensor({X}, DType::f64),
                         .data_cov = dense::diagonal(Tensor::of(variances_, {X}, DType::f64)),
                         .enc_weight = enc_weight,
                         .enc_bias = enc_bias,
                         .enc_var = enc_var,
                         .prior_mean = Tensor({D}, DType::f64),
                         .prior_cov = dense::identity(D),
                         .dec_weight = dec_weight,
                         .dec_bias = dec_bias,
                         .dec_var = Tensor::full({X}, 1, DType::f64)});
}

WaterFilling golden_water_filling() { return WaterFilling({4, 2, 0.5}); }

}  // namespace nelbo
