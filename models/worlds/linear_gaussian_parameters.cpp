#include <algorithm>
#include <cmath>
#include <string>

#include "autodiff/error.hpp"
#include "models/worlds/dense.hpp"
#include "models/worlds/linear_gaussian.hpp"

namespace nelbo {
namespace {

[[noreturn]] void refuse(const char* key, const std::string& reason) {
  throw Error(std::string("linear-Gaussian world: ") + key + " " + reason);
}

/// `value` as row-major float64 of the wanted shape, all finite.
Tensor array(const char* key, const Tensor& value, const Shape& wanted) {
  if (value.shape() != wanted) {
    refuse(key, "has shape " + value.shape().text() + ", wanted " + wanted.text());
  }
  Tensor result = value.cast(DType::f64).contiguous();
  const double* numbers = result.data_as<double>();
  for (std::int64_t i = 0; i < result.size(); ++i) {
    if (!std::isfinite(numbers[i])) refuse(key, "holds a number that is not finite");
  }
  return result;
}

Tensor variances(const char* key, const Tensor& value, std::int64_t n) {
  Tensor result = array(key, value, {n});
  const double* numbers = result.data_as<double>();
  for (std::int64_t i = 0; i < n; ++i) {
    if (!(numbers[i] > 0)) {
      refuse(key, "holds " + std::to_string(numbers[i]) + "; variances are positive");
    }
  }
  return result;
}

Tensor covariance(const char* key, const Tensor& value, std::int64_t n) {
  Tensor result = array(key, value, {n, n});
  const double* a = result.data_as<double>();
  const auto magnitude = [](double x, double y) { return std::fabs(x) < std::fabs(y); };
  const double scale = std::fabs(*std::max_element(a, a + n * n, magnitude));
  for (std::int64_t i = 0; i < n; ++i) {
    for (std::int64_t j = 0; j < i; ++j) {
      if (std::fabs(a[i * n + j] - a[j * n + i]) > 1e-9 * scale) {
        refuse(key, "is not symmetric: element (" + std::to_string(i) + ", " + std::to_string(j) +
                        ") is " + std::to_string(a[i * n + j]) + ", its mirror image " +
                        std::to_string(a[j * n + i]));
      }
    }
  }
  if (!dense::Factor(result).positive_definite()) refuse(key, "is not positive definite");
  return result;
}

/// The length of a vector, at least 1.
std::int64_t length(const char* key, const Tensor& value) {
  if (value.shape().rank() != 1 || value.size() == 0) {
    refuse(key, "has shape " + value.shape().text() + ", wanted a list of numbers");
  }
  return value.size();
}

}  // namespace

LinearGaussianParameters checked(const LinearGaussianParameters& p) {
  const std::int64_t X = length("data_mean", p.data_mean), D = length("prior_mean", p.prior_mean);
  return {.data_mean = array("data_mean", p.data_mean, {X}),
          .data_cov = covariance("data_cov", p.data_cov, X),
          .enc_weight = array("enc_weight", p.enc_weight, {D, X}),
          .enc_bias = array("enc_bias", p.enc_bias, {D}),
          .enc_var = variances("enc_var", p.enc_var, D),
          .prior_mean = array("prior_mean", p.prior_mean, {D}),
          .prior_cov = covariance("prior_cov", p.prior_cov, D),
          .dec_weight = array("dec_weight", p.dec_weight, {X, D}),
          .dec_bias = array("dec_bias", p.dec_bias, {X}),
          .dec_var = variances("dec_var", p.dec_var, X)};
}

}  // namespace nelbo
