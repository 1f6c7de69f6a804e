#pragma once
// The linear-Gaussian golden instance in two dimensions at a fixed x: log p(x), draws of
// log-weights and moments of r = P(z|x) / Q(z|x), all in closed form.
#include <array>
#include <cmath>
#include <vector>

#include "autodiff/random.hpp"

namespace nelbo::tests {

using Vector2 = std::array<double, 2>;
using Matrix2 = std::array<double, 4>;  // row by row

inline double determinant(const Matrix2& a) { return a[0] * a[3] - a[1] * a[2]; }
inline Matrix2 inverse(const Matrix2& a) {
  const double d = determinant(a);
  return {a[3] / d, -a[1] / d, -a[2] / d, a[0] / d};
}
inline Vector2 operator*(const Matrix2& a, const Vector2& x) {
  return {a[0] * x[0] + a[1] * x[1], a[2] * x[0] + a[3] * x[1]};
}
inline Matrix2 operator*(const Matrix2& a, const Matrix2& b) {
  return {a[0] * b[0] + a[1] * b[2], a[0] * b[1] + a[1] * b[3], a[2] * b[0] + a[3] * b[2],
          a[2] * b[1] + a[3] * b[3]};
}
inline Matrix2 combine(double p, const Matrix2& a, double q, const Matrix2& b) {
  Matrix2 c;
  for (int i = 0; i < 4; ++i) c[i] = p * a[i] + q * b[i];
  return c;
}
inline Matrix2 transpose(const Matrix2& a) { return {a[0], a[2], a[1], a[3]}; }
inline double dot(const Vector2& x, const Vector2& y) { return x[0] * y[0] + x[1] * y[1]; }

/// log N(x; mean, covariance).
inline double log_normal(const Vector2& x, const Vector2& mean, const Matrix2& covariance) {
  const Vector2 d{x[0] - mean[0], x[1] - mean[1]};
  return -std::log(2 * M_PI) - 0.5 * std::log(determinant(covariance)) -
         0.5 * dot(d, inverse(covariance) * d);
}

/// Encoder N(Wx + c, diag s), prior N(0, Sigma0), decoder N(Vz + a, I).
struct LinearGaussian {
  explicit LinearGaussian(const Vector2& encoder_variance)
      : encoder{encoder_variance[0], 0, 0, encoder_variance[1]} {
    const Vector2 wx = W * x, residual{x[0] - a[0], x[1] - a[1]};
    encoder_mean = {wx[0] + c[0], wx[1] + c[1]};
    precision = combine(1, inverse(prior), 1, transpose(V) * V);
    posterior_mean = inverse(precision) * (transpose(V) * residual);
    log_px = log_normal(x, a, combine(1, V * prior * transpose(V), 1, identity));
  }

  Vector2 x{0.5, -0.25};
  Matrix2 W{0.8, -0.2, 0.1, 0.9}, prior{1, 0.5, 0.5, 1.5}, V{0.9, 0.2, -0.3, 1.1},
      identity{1, 0, 0, 1};
  Vector2 c{0.05, -0.1}, a{0.1, 0};
  Matrix2 encoder;  // its covariance
  Vector2 encoder_mean;
  Matrix2 precision;  // of the true posterior
  Vector2 posterior_mean;
  double log_px;

  /// log P(x|z) + log P0(z) - log Q(z|x) at z = encoder mean + encoder sd * noise.
  double log_weight(const Vector2& noise) const {
    const Vector2 z{encoder_mean[0] + std::sqrt(encoder[0]) * noise[0],
                    encoder_mean[1] + std::sqrt(encoder[3]) * noise[1]};
    const Vector2 vz = V * z;
    return log_normal(x, {vz[0] + a[0], vz[1] + a[1]}, identity) + log_normal(z, {0, 0}, prior) -
           log_normal(z, encoder_mean, encoder);
  }

  /// `count` independent log-weights, of their own for every `datum`.
  std::vector<double> log_weights(std::size_t count, std::uint32_t datum) const {
    std::vector<double> noise(2 * count), f(count);
    fill_normal(
        noise.data(),
        {.stream = {11, StreamId::user}, .draws = count, .dimensions = 2, .first_datum = datum});
    for (std::size_t s = 0; s < count; ++s) f[s] = log_weight({noise[2 * s], noise[2 * s + 1]});
    return f;
  }

  /// k P - (k - 1) S^-1; E_q r^k is finite if it is positive definite.
  Matrix2 moment_precision(double k) const {
    return combine(k, precision, 1 - k, inverse(encoder));
  }
  bool has_moment(double k) const {
    const Matrix2 p = moment_precision(k);
    return p[0] > 0 && determinant(p) > 0;
  }
  /// E_q r^k, a Gaussian integral.
  double moment(double k) const {
    const Matrix2 p = moment_precision(k), s = inverse(encoder);
    const Vector2 pm = precision * posterior_mean, sm = s * encoder_mean;
    const Vector2 b{k * pm[0] + (1 - k) * sm[0], k * pm[1] + (1 - k) * sm[1]};
    return std::exp(0.5 *
                    (k * std::log(determinant(precision)) + (1 - k) * std::log(determinant(s)) -
                     std::log(determinant(p)) + dot(b, inverse(p) * b) -
                     k * dot(posterior_mean, pm) - (1 - k) * dot(encoder_mean, sm)));
  }
  /// KL(Q(Z|x) || P(Z|x)), the gap of the ELBO; Zheng eq. (12).
  double elbo_gap() const {
    const Vector2 d{posterior_mean[0] - encoder_mean[0], posterior_mean[1] - encoder_mean[1]};
    const Matrix2 ps = precision * encoder;
    return 0.5 * (ps[0] + ps[3] - 2 - std::log(determinant(ps)) + dot(d, precision * d));
  }
};

}  // namespace nelbo::tests
