#include "models/init.hpp"

#include <cmath>

#include "autodiff/error.hpp"
#include "tests/catch.hpp"

using namespace nelbo;
using nelbo::tests::contains;

namespace {

Tensor start(const Initializer& initialize, const Shape& shape, std::uint64_t seed = 1,
             const std::string& name = "w", DType dtype = DType::f64) {
  ParameterStore store(dtype);
  store.add(name, "theta", shape, initialize);
  store.freeze(seed);
  return store.tensor(name).cast(DType::f64);
}

struct Moments {
  double mean = 0, variance = 0, fourth = 0, largest = 0;
};

Moments moments(const Tensor& w) {
  Moments m;
  for (double x : w.values()) m.mean += x / double(w.size());
  for (double x : w.values()) {
    const double d = (x - m.mean) * (x - m.mean);
    m.variance += d / double(w.size());
    m.fourth += d * d / double(w.size());
    m.largest = std::max(m.largest, std::fabs(x));
  }
  return m;
}

/// Mean and variance within 4 standard errors of 0 and `variance`.
void check_moments(const Tensor& w, double variance, double kurtosis) {
  const Moments m = moments(w);
  const double n = double(w.size());
  CHECK(std::fabs(m.mean) / std::sqrt(variance / n) < 4);
  CHECK(std::fabs(m.variance - variance) / (variance * std::sqrt((kurtosis - 1) / n)) < 4);
}

}  // namespace

TEST_CASE("init: Glorot's bound and variance") {
  const Tensor w = start(glorot_uniform(300, 200), {300, 200});
  const double bound = std::sqrt(6.0 / 500);
  CHECK(moments(w).largest <= bound);
  CHECK(moments(w).largest > 0.999 * bound);
  check_moments(w, 2.0 / 500, 1.8);
}

TEST_CASE("init: He's variances") {
  check_moments(start(he_normal(300, 200), {300, 200}), 2.0 / 300, 3);
  const Tensor w = start(he_uniform(300, 200), {300, 200});
  CHECK(moments(w).largest <= std::sqrt(6.0 / 300));
  check_moments(w, 2.0 / 300, 1.8);
}

TEST_CASE("init: He's normal is normal") {
  const Moments m = moments(start(he_normal(2), {100000}));
  CHECK(m.fourth / (m.variance * m.variance) == Approx(3).margin(4 * std::sqrt(24.0 / 100000)));
}

TEST_CASE("init: orthogonal matrices, square, tall and wide, and kernels") {
  for (const Shape& shape : {Shape{17, 17}, Shape{40, 9}, Shape{9, 40}, Shape{6, 2, 3, 3}}) {
    INFO(shape.text());
    const Tensor w = start(orthogonal(1.5), shape);
    const std::int64_t rows = shape[0], columns = w.size() / rows;
    const Tensor m = w.reshape({rows, columns});
    const bool tall = rows > columns;
    const std::int64_t n = tall ? columns : rows, length = tall ? rows : columns;
    for (std::int64_t i = 0; i < n; ++i) {
      for (std::int64_t j = 0; j < n; ++j) {
        double dot = 0;
        for (std::int64_t k = 0; k < length; ++k) {
          dot += tall ? m.at({k, i}) * m.at({k, j}) : m.at({i, k}) * m.at({j, k});
        }
        CHECK(dot == Approx(i == j ? 2.25 : 0).margin(1e-12));
      }
    }
  }
}

TEST_CASE("init: orthogonal matrices have no preferred direction") {
  // Elements of a uniformly distributed Q of size n have mean 0 and variance 1/n.
  double sum = 0, squares = 0;
  const int trials = 4000;
  for (int seed = 0; seed < trials; ++seed) {
    const Tensor q = start(orthogonal(), {3, 3}, std::uint64_t(seed));
    sum += q.at({1, 2});
    squares += q.at({1, 2}) * q.at({1, 2});
  }
  // On the sphere of R^3 one coordinate is uniform in (-1, 1): variances 1/3 and 1/5 - 1/9.
  CHECK(std::fabs(sum / trials) / std::sqrt(1.0 / 3 / trials) < 4);
  CHECK(std::fabs(squares / trials - 1.0 / 3) / std::sqrt((0.2 - 1.0 / 9) / trials) < 4);
}

TEST_CASE("init: numbers depend on seed, name and place only") {
  const Initializer glorot = glorot_uniform(30, 20);
  const std::vector<double> w = start(glorot, {30, 20}).values();
  CHECK(start(glorot, {30, 20}).values() == w);
  CHECK(start(glorot, {30, 20}, 2).values() != w);
  CHECK(start(glorot, {30, 20}, 1, "v").values() != w);
  const Tensor as_float = start(glorot, {30, 20}, 1, "w", DType::f32);
  for (std::size_t i = 0; i < w.size(); ++i) {
    CHECK(as_float.values()[i] == Approx(w[i]).margin(1e-7));
  }
}

TEST_CASE("init: zeros and given values") {
  CHECK(start(zeros(), {3}).values() == std::vector<double>{0, 0, 0});
  CHECK(start(constant(Tensor::of({1, 2, 3}, {3})), {3}).values() == std::vector<double>{1, 2, 3});
}

TEST_CASE("init: mistakes are named") {
  CHECK_THROWS_WITH(start(constant(Tensor::of({1, 2}, {2})), {3}), contains("constant"));
  CHECK_THROWS_WITH(start(orthogonal(), {3}), contains("orthogonal"));
  CHECK_THROWS_WITH(he_normal(0), contains("he_normal"));
}
