#include "models/worlds/centred_normal.hpp"

#include <cmath>
#include <numbers>

namespace nelbo {

using namespace dense;

CentredNormal::CentredNormal(const Tensor& cov) {
  const Factor factor(cov);
  factor_ = factor.lower();
  whitener_ = factor.whiten(identity(cov.shape()[0]));
  log_normaliser_ =
      (double(cov.shape()[0]) * std::log(2 * std::numbers::pi) + factor.log_determinant()) / 2;
}

std::vector<double> CentredNormal::log_density(const Tensor& deviations) const {
  const std::int64_t points = deviations.shape()[0], n = deviations.shape()[1];
  const double *whitener = whitener_.data_as<double>(), *v = deviations.data_as<double>();
  std::vector<double> result(std::size_t(points), -log_normaliser_);
  for (std::int64_t s = 0; s < points; ++s, v += n) {
    double squares = 0;
    for (std::int64_t i = 0; i < n; ++i) {
      double white = 0;
      for (std::int64_t j = 0; j <= i; ++j) white += whitener[i * n + j] * v[j];
      squares += white * white;
    }
    result[std::size_t(s)] -= squares / 2;
  }
  return result;
}

Tensor CentredNormal::sample(const Tensor& noise) const { return noise * transposed(factor_); }

Tensor affine(const Tensor& points, const Tensor& weight, const Tensor& bias) {
  Tensor result = points * transposed(weight);
  const std::int64_t columns = bias.size();
  double* to = result.data_as<double>();
  for (std::int64_t i = 0; i < result.size(); ++i) to[i] += bias.data_as<double>()[i % columns];
  return result;
}

}  // namespace nelbo
