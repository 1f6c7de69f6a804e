#include <cmath>

#include "autodiff/random_variables.hpp"
#include "models/worlds/dense.hpp"
#include "models/worlds/linear_gaussian.hpp"

namespace nelbo {

using namespace dense;

namespace {

/// Standard normal numbers; every call takes the next of the world's variables.
class Source {
 public:
  explicit Source(std::uint64_t seed) : seed_(seed) {}

  Tensor normal(const Shape& shape, double scale) {
    Tensor result(shape, DType::f64);
    fill_normal(result.data_as<double>(), {.stream = random_variables::world.of(seed_, next_++),
                                           .dimensions = std::size_t(result.size())});
    return scale * result;
  }
  /// Between 0.3 and 1.3.
  Tensor variances(std::int64_t n) {
    Tensor result({n}, DType::f64);
    fill_uniform(result.data_as<double>(), {.stream = random_variables::world.of(seed_, next_++),
                                            .dimensions = std::size_t(n)});
    return result + Tensor::full({n}, 0.3, DType::f64);
  }
  Tensor covariance(std::int64_t n) {
    const Tensor a = normal({n, n}, 1);
    return (0.7 / double(n)) * (a * transposed(a)) + 0.3 * identity(n);
  }

 private:
  std::uint64_t seed_;
  std::size_t next_ = 0;
};

}  // namespace

LinearGaussian golden_linear_gaussian() {
  constexpr DType f64 = DType::f64;
  return LinearGaussian({.data_mean = Tensor::of({0.5, -0.25}, {2}, f64),
                         .data_cov = Tensor::of({1, 0.3, 0.3, 0.5}, {2, 2}, f64),
                         .enc_weight = Tensor::of({0.8, -0.2, 0.1, 0.9}, {2, 2}, f64),
                         .enc_bias = Tensor::of({0.05, -0.1}, {2}, f64),
                         .enc_var = Tensor::of({0.3, 0.2}, {2}, f64),
                         .prior_mean = Tensor::of({0, 0}, {2}, f64),
                         .prior_cov = Tensor::of({1, 0.5, 0.5, 1.5}, {2, 2}, f64),
                         .dec_weight = Tensor::of({0.9, 0.2, -0.3, 1.1}, {2, 2}, f64),
                         .dec_bias = Tensor::of({0.1, 0}, {2}, f64),
                         .dec_var = Tensor::of({1, 1}, {2}, f64)});
}

LinearGaussian random_linear_gaussian(std::int64_t X, std::int64_t D, std::uint64_t seed) {
  Source source(seed);
  const double scale = 0.7 / std::sqrt(double(X)), latent_scale = 0.7 / std::sqrt(double(D));
  return LinearGaussian({.data_mean = source.normal({X}, 0.5),
                         .data_cov = source.covariance(X),
                         .enc_weight = source.normal({D, X}, scale),
                         .enc_bias = source.normal({D}, 0.2),
                         .enc_var = source.variances(D),
                         .prior_mean = source.normal({D}, 0.2),
                         .prior_cov = source.covariance(D),
                         .dec_weight = source.normal({X, D}, latent_scale),
                         .dec_bias = source.normal({X}, 0.2),
                         .dec_var = source.variances(X)});
}

}  // namespace nelbo
