// Rows of every length: the last register of a row holds fewer numbers than it has lanes.
#include <cmath>
#include <vector>

#include "autodiff/array_math.hpp"
#include "autodiff/kernels/dispatch.hpp"
#include "tests/autodiff/random_blocks.hpp"
#include "tests/catch.hpp"

using namespace nelbo;
using nelbo::tests::under_each_isa;

namespace {

constexpr std::size_t longest = 40;

/// Whether y[0 .. n - 1] are f of x to a relative `epsilon`, and what follows is as it was.
template <class T, class F>
bool right(const std::vector<T>& x, const std::vector<T>& y, std::size_t n, F f, double epsilon) {
  bool good = true;
  for (std::size_t i = 0; i < y.size(); ++i) {
    const double wanted = i < n ? f(double(x[i])) : -7;
    good = good && std::fabs(double(y[i]) - wanted) <= epsilon * std::fabs(wanted);
  }
  return good;
}

template <class T>
std::vector<T> arguments() {
  std::vector<T> x;
  for (std::size_t i = 0; i < longest; ++i) x.push_back(T(0.25 * double(i) - 3.125));
  return x;
}

}  // namespace

TEST_CASE("exp_of and expm1_of of every length write that many numbers") {
  under_each_isa([] {
    const std::vector<double> x = arguments<double>();
    for (std::size_t n = 0; n <= longest; ++n) {
      CAPTURE(n);
      std::vector<double> y(longest + 20, -7), minus_one = y;
      exp_of(x.data(), y.data(), n);
      expm1_of(x.data(), minus_one.data(), n);
      CHECK(right(
          x, y, n, [](double t) { return std::exp(t); }, 4e-16));
      CHECK(right(
          x, minus_one, n, [](double t) { return std::expm1(t); }, 8e-16));
    }
  });
}

TEST_CASE("exp_of is 0 below the smallest normal number and keeps infinity and NaN") {
  under_each_isa([] {
    std::vector<double> x{-800, -INFINITY, 800, NAN, 0};
    exp_of(x.data(), x.data(), x.size());
    CHECK(x[0] == 0);
    CHECK(x[1] == 0);
    CHECK(x[2] == INFINITY);
    CHECK(std::isnan(x[3]));
    CHECK(x[4] == 1);
  });
}

TEST_CASE("Scaled rows of every length end where they should") {
  under_each_isa([] {
    const auto check = [](const auto& functions, auto zero) {
      using T = decltype(zero);
      const std::vector<T> x = arguments<T>();
      const T factor = 3;
      for (std::size_t n = 1; n <= longest; ++n) {
        CAPTURE(n);
        std::vector<T> y(longest + 20, T(-7));
        functions.scaled({0, 1, n, nullptr}, {x.data(), 1}, T(1), &factor, {y.data(), 1, 1, false});
        CHECK(right(
            x, y, n, [](double t) { return 3 * t; }, 0));
      }
    };
    check(active_kernels().density().f32, 0.0f);
    check(active_kernels().density().f64, 0.0);
  });
}
