// The normal quantile against its definition, P(Z < z) = p, by the error function of the C library.
#include "autodiff/array_math.hpp"

#include <cmath>
#include <limits>
#include <numbers>
#include <vector>

#include "autodiff/kernels/dispatch.hpp"
#include "tests/autodiff/random_blocks.hpp"
#include "tests/catch.hpp"

using namespace nelbo;
using nelbo::tests::under_each_isa;

namespace {

/// The root of cdf(z) = p in extended precision, by Newton's method from z; p in (0, 1/2].
long double refined(long double p, long double z) {
  for (int i = 0; i < 3; ++i) {
    const long double cdf = std::erfc(-z / std::sqrt(2.0L)) / 2;
    const long double density =
        std::exp(-z * z / 2) / std::sqrt(2 * std::numbers::pi_v<long double>);
    z -= (cdf - p) / density;
  }
  return z;
}

template <class T>
std::vector<T> quantiles(const std::vector<T>& p) {
  std::vector<T> z(p.size());
  normal_quantile(p.data(), z.data(), z.size());
  return z;
}

std::vector<double> probabilities(double smallest) {
  std::vector<double> p;
  for (int i = 1; i < 2000; ++i) p.push_back(i / 4000.0);
  for (double tail = 0.5; tail > smallest; tail *= 0.93) p.push_back(tail);
  return p;
}

}  // namespace

TEST_CASE("The normal quantile is the inverse of the distribution function") {
  under_each_isa([] {
    const std::vector<double> p = probabilities(1e-300), z = quantiles(p);
    double worst = 0;
    for (std::size_t i = 0; i < p.size(); ++i) {
      if (p[i] == 0.5) continue;
      const long double exact = refined(p[i], z[i]);
      worst = std::max(worst, double(std::fabs(z[i] / exact - 1)));
    }
    CAPTURE(worst);
    CHECK(worst < 1e-14);
    // The upper half as far as 1 - p has its digits.
    std::vector<double> upper;
    for (const double tail : p) upper.push_back(1 - tail);
    const std::vector<double> above = quantiles(upper);
    for (std::size_t i = 0; i < p.size(); ++i) {
      if (upper[i] == 1 || upper[i] == 0.5) continue;
      const double exact = -double(refined(1 - (long double)upper[i], -above[i]));
      CHECK(above[i] == Approx(exact).epsilon(1e-14));
    }
  });
}

TEST_CASE("The normal quantile in float is right to its last digits") {
  under_each_isa([] {
    std::vector<float> p;
    for (const double x : probabilities(1e-37)) p.push_back(float(x));
    const std::vector<float> z = quantiles(p);
    double worst = 0;
    for (std::size_t i = 0; i < p.size(); ++i) {
      if (p[i] == 0.5f) continue;
      const double exact = double(refined(p[i], z[i]));
      worst = std::max(worst, std::fabs(z[i] / exact - 1));
    }
    CAPTURE(worst);
    CHECK(worst < 1e-6);
  });
}

TEST_CASE("The normal quantile knows its edges and does not look at the neighbours") {
  const auto check = [](auto type) {
    using T = decltype(type);
    constexpr T infinity = std::numeric_limits<T>::infinity();
    const T nan = std::numeric_limits<T>::quiet_NaN();
    const std::vector<T> p = {0, 1, T(0.5), -1, 2, nan, infinity, -infinity, T(0.25)};
    const std::vector<T> z = quantiles(p);
    CHECK(z[0] == -infinity);
    CHECK(z[1] == infinity);
    CHECK(z[2] == 0);
    for (const int i : {3, 4, 5, 6, 7}) CHECK(std::isnan(z[std::size_t(i)]));
    for (std::size_t i = 0; i < p.size(); ++i) {
      const T alone = quantiles<T>({p[i]})[0];
      CHECK((alone == z[i] || std::isnan(alone)));
    }
    CHECK(quantiles<T>({}).empty());
  };
  under_each_isa([&] {
    check(float{});
    check(double{});
  });
}
