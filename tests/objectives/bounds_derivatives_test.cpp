// a = dL/df and h = d2L/df2 of every bound: finite differences in double, and what is left of them
// where weights underflow.
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "tests/catch.hpp"
#include "tests/objectives/bounds_support.hpp"

using namespace nelbo;
using namespace nelbo::tests;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

/// (8 (y(+h) - y(-h)) - (y(+2h) - y(-2h))) / 12 h, of fourth order.
template <class F>
double difference(F&& y, double h) {
  return (8 * (y(h) - y(-h)) - (y(2 * h) - y(-2 * h))) / (12 * h);
}

void check_derivatives(const Bound& bound, const std::vector<double>& f) {
  const Evaluated at = evaluate(bound, f);
  const auto moved = [&](std::size_t s, double step) {
    std::vector<double> other = f;
    other[s] += step;
    return evaluate(bound, other);
  };
  for (std::size_t s = 0; s < f.size(); ++s) {
    INFO("sample " << s);
    CHECK(at.a[s] ==
          Approx(difference([&](double t) { return moved(s, t).value; }, 1e-3)).margin(3e-9));
    CHECK(at.h[s] ==
          Approx(difference([&](double t) { return moved(s, t).a[s]; }, 1e-3)).margin(3e-9));
  }
}

bool all_finite(const std::vector<double>& x) {
  return std::all_of(x.begin(), x.end(), [](double v) { return std::isfinite(v); });
}

}  // namespace

TEST_CASE("bounds: a and h agree with finite differences in double") {
  for (const std::int64_t m : {2, 3, 8}) {
    for (const double scale : {0.01, 1.0, 4.0}) {
      for (const Bound& bound : all_bounds(m)) {
        INFO(bound.text() << ", f of standard deviation " << scale);
        check_derivatives(bound, normal(std::size_t(bound.samples()), scale, std::uint32_t(m)));
      }
    }
  }
}

TEST_CASE("bounds: adding c to every f adds c to L, so that a sums to 1") {
  for (const Bound& bound : all_bounds(6)) {
    INFO(bound.text());
    std::vector<double> f = normal(std::size_t(bound.samples()), 5);
    const Evaluated at = evaluate(bound, f);
    CHECK(std::accumulate(at.a.begin(), at.a.end(), 0.0) == Approx(1).epsilon(1e-12));
    for (double& x : f) x += 1000;
    CHECK(bound(f) == Approx(at.value + 1000).epsilon(1e-13));
  }
}

TEST_CASE("bounds: differences of thousands of nats leave values and derivatives finite") {
  for (const Bound& bound : all_bounds(4)) {
    INFO(bound.text());
    std::vector<double> f;
    while (std::int64_t(f.size()) < bound.samples()) f.insert(f.end(), {-9000, 20, -1e5, 3});
    const Evaluated at = evaluate(bound, f);
    CHECK(std::isfinite(at.value));
    CHECK(all_finite(at.a));
    CHECK(all_finite(at.h));
  }
  // By hand: the third best of four weights is exp(-9020) of the best.
  const std::vector<double> f{-9000, 20, -1e5, 3};
  const Evaluated iw = evaluate(bounds::iw(4), f);
  CHECK(iw.value == Approx(20 - std::log(4) + std::log1p(std::exp(-17))).epsilon(1e-15));
  CHECK(iw.a[3] == Approx(std::exp(-17) / (1 + std::exp(-17))).epsilon(1e-14));
  CHECK(iw.h[3] == Approx(iw.a[3] * (1 - iw.a[3])).epsilon(1e-14));
  CHECK(iw.a[0] == 0);
  // Without the best sample the second carries all the weight: log w_3 / 3 is what is left of it.
  const Evaluated jackknife = evaluate(bounds::jackknife(4), f);
  const double small = std::log1p(std::exp(-17)), three = 20 - std::log(3);
  CHECK(jackknife.value ==
        Approx(4 * iw.value - 0.75 * (3 * three + 2 * small + 3 - std::log(3))).epsilon(1e-14));
  CHECK(jackknife.a[1] == Approx(4 - 0.75 * 3).epsilon(1e-6));
  CHECK(jackknife.a[3] == Approx(-0.75).epsilon(1e-6));
  CHECK(jackknife.h[1] == Approx(0).margin(1e-6));
}

TEST_CASE("bounds: infinite and missing log-weights give limits, never NaN out of numbers") {
  const std::vector<double> one_dead{1, -infinity, 2}, dead(3, -infinity), best{1, infinity, 2};
  using namespace bounds;
  CHECK(evaluate(iw(3), one_dead).value ==
        Approx(std::log((std::exp(1) + std::exp(2)) / 3)).epsilon(1e-15));
  CHECK(evaluate(iw(3), one_dead).a[1] == 0);
  CHECK(evaluate(cubo(2, 3), one_dead).h[1] == 0);
  CHECK(evaluate(mc(3, elbo()), one_dead).value == -infinity);
  CHECK(evaluate(ciwae(0, 3), one_dead).value == evaluate(iw(3), one_dead).value);
  // The rest of one_dead by hand; tvo's first interval is the mean.
  CHECK(evaluate(renyi(2, 3), one_dead).value == -infinity);
  CHECK(evaluate(renyi(2, 3), one_dead).a == std::vector<double>{0, 1, 0});
  CHECK(evaluate(tvo(2, 3), one_dead).value == -infinity);
  CHECK(std::isfinite(evaluate(jackknife(3), one_dead).value));
  for (const Bound& bound : all_bounds(3)) {
    INFO(bound.text());
    const auto at = [&](const std::vector<double>& group) {
      std::vector<double> f;
      while (std::int64_t(f.size()) < bound.samples()) {
        f.insert(f.end(), group.begin(), group.end());
      }
      return evaluate(bound, f);
    };
    for (const std::vector<double>& f : {one_dead, dead, best}) {
      CHECK(all_finite(at(f).a));
      CHECK(all_finite(at(f).h));
      CHECK_FALSE(std::isnan(at(f).value));
    }
    CHECK(at(dead).value == -infinity);
    CHECK(std::isnan(at({1, std::nan(""), 2}).value));
  }
}
