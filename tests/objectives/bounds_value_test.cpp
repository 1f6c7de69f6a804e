// Values of the bounds against enumeration and closed forms, what they say of themselves, and what
// they refuse.
#include <cmath>
#include <limits>

#include "autodiff/error.hpp"
#include "tests/catch.hpp"
#include "tests/objectives/bounds_support.hpp"

using namespace nelbo;
using namespace nelbo::bounds;
using namespace nelbo::tests;

namespace {

const DiscreteWorld world;

double elbo_by_definition() {
  double sum = 0;
  for (std::size_t z = 0; z < 3; ++z) sum += world.q[z] * world.log_weight(z);
  return sum;
}

/// E exp(p L) over the world's z.
double moment_of(const Bound& bound, double p) {
  return world.expectation(std::size_t(bound.samples()),
                           [&](const std::vector<double>& f) { return std::exp(p * bound(f)); });
}

}  // namespace

TEST_CASE("bounds: expectations in an enumerated world agree with their closed forms") {
  const double elbo_value = elbo_by_definition();
  CHECK(world.expectation(elbo()) == Approx(elbo_value).epsilon(1e-13));
  CHECK(world.expectation(mc(3, elbo())) == Approx(elbo_value).epsilon(1e-13));
  for (const std::int64_t m : {1, 2, 3, 5}) {
    CAPTURE(m);
    // exp IW_m estimates p(x) without bias; a power mean its moment.
    CHECK(moment_of(iw(m), 1) == Approx(world.px()).epsilon(1e-13));
    CHECK(world.expectation(miwae(2, m)) == Approx(world.expectation(iw(m))).epsilon(1e-11));
    CHECK(world.expectation(ciwae(0.3, m)) ==
          Approx(0.3 * elbo_value + 0.7 * world.expectation(iw(m))).epsilon(1e-13));
    if (m == 1) continue;
    for (const double alpha : {-2.0, 0.5, 3.0}) {
      CHECK(moment_of(renyi(alpha, m), 1 - alpha) ==
            Approx(world.moment(1 - alpha)).epsilon(1e-13));
    }
    for (const double n : {1.0, 2.0, 4.5}) {
      CHECK(moment_of(cubo(n, m), n) == Approx(world.moment(n)).epsilon(1e-13));
    }
    // Leaving out one sample leaves IW_{m-1}.
    CHECK(world.expectation(jackknife(m)) == Approx(double(m) * world.expectation(iw(m)) -
                                                    double(m - 1) * world.expectation(iw(m - 1)))
                                                 .epsilon(1e-12));
    // P(max f <= c) = P(f <= c)^m; f_1 > f_2 > f_0 here.
    REQUIRE(world.log_weight(1) > world.log_weight(2));
    REQUIRE(world.log_weight(2) > world.log_weight(0));
    const double lowest = std::pow(0.5, m), two = std::pow(0.7, m);
    CHECK(world.expectation(vr_max(m)) ==
          Approx(lowest * world.log_weight(0) + (two - lowest) * world.log_weight(2) +
                 (1 - two) * world.log_weight(1))
              .epsilon(1e-13));
  }
}

TEST_CASE("bounds: the thermodynamic sum by its definition, and between the ELBO and IW") {
  const std::vector<double> f = normal(6, 2);
  double by_definition = 0;
  for (int i = 0; i < 4; ++i) {
    double z = 0, sum = 0;
    for (const double x : f) {
      z += std::exp(i / 4.0 * x);
      sum += std::exp(i / 4.0 * x) * x;
    }
    by_definition += sum / z / 4;
  }
  CHECK(tvo(4, 6)(f) == Approx(by_definition).epsilon(1e-13));
  CHECK(tvo(1, 6)(f) == Approx(mc(6, elbo())(f)).epsilon(1e-14));
  // A left sum of an increasing function: it grows with refinement towards the integral, IW, from
  // which its distance falls like 1 / partitions.
  double before = tvo(1, 6)(f);
  const double limit = iw(6)(f), gap = limit - tvo(500, 6)(f);
  for (const int partitions : {2, 4, 8, 16}) {
    const double value = tvo(partitions, 6)(f);
    CHECK(value > before);
    CHECK(value < limit);
    before = value;
  }
  CHECK((limit - tvo(250, 6)(f)) / gap == Approx(2).epsilon(0.01));
}

TEST_CASE("bounds: the arrows between them hold sample by sample") {
  const std::vector<double> f = normal(12, 3);
  const double mean = mc(12, elbo())(f), iw12 = iw(12)(f);
  SECTION("MC_k-IW_1 is MC_k-ELBO, bit by bit, and IW_1 the ELBO") {
    const Evaluated a = evaluate(mc(12, iw(1)), f), b = evaluate(mc(12, elbo()), f);
    CHECK(a.value == b.value);
    CHECK(a.a == b.a);
    CHECK(a.h == b.h);
    CHECK(iw(1)({f.data(), 1}) == elbo()({f.data(), 1}));
    CHECK(evaluate(miwae(3, 4), f).a == evaluate(mc(3, iw(4)), f).a);
    CHECK(mc(3, mc(2, iw(2)))(f) == Approx(mc(6, iw(2))(f)).epsilon(1e-15));
  }
  SECTION("Renyi is IW at alpha = 0, the mean at 1, the largest towards -infinity") {
    CHECK(renyi(0, 12)(f) == iw12);
    CHECK(renyi(1, 12)(f) == Approx(mean).epsilon(1e-15));
    CHECK(renyi(1 - 1e-12, 12)(f) == Approx(mean).epsilon(1e-10));
    CHECK(renyi(1 + 1e-12, 12)(f) == Approx(mean).epsilon(1e-10));
    CHECK(renyi(-1e9, 12)(f) == Approx(vr_max(12)(f)).epsilon(1e-8));
    double before = vr_max(12)(f);
    for (const double alpha : {-9.0, -1.0, 0.0, 0.3, 0.9999, 1.0, 1.0001, 2.0, 50.0}) {
      const double value = renyi(alpha, 12)(f);
      CHECK(value < before);
      before = value;
    }
  }
  SECTION("CUBO_1 is IW and grows with n; CIWAE lies between the mean and IW") {
    CHECK(cubo(1, 12)(f) == iw12);
    CHECK(cubo(2, 12)(f) > iw12);
    CHECK(cubo(3, 12)(f) > cubo(2, 12)(f));
    CHECK(ciwae(0, 12)(f) == iw12);
    CHECK(ciwae(1, 12)(f) == mean);
  }
}

TEST_CASE("bounds: labels are true in the enumerated world") {
  const double log_px = std::log(world.px());
  for (const Bound& bound : all_bounds(3)) {
    CAPTURE(bound.text());
    const double value = world.expectation(bound);
    if (bound.side() == Bound::Side::lower) CHECK(value <= log_px + 1e-13);
    if (bound.bias() == Bound::Bias::under) CHECK(value <= log_px + 1e-13);
    CHECK(bound.samples() % 3 == 0);
    CHECK_FALSE(bound.equation().empty());
    CHECK_FALSE(bound.meaning().empty());
  }
  // Only these are labelled lower bounds.
  using Side = Bound::Side;
  CHECK(elbo().side() == Side::lower);
  CHECK(iw(5).side() == Side::lower);
  CHECK(miwae(2, 5).side() == Side::lower);
  CHECK(ciwae(0.5, 5).side() == Side::lower);
  CHECK(renyi(0, 5).side() == Side::lower);
  CHECK(renyi(1, 5).side() == Side::lower);
  CHECK(renyi(-0.1, 5).side() == Side::neither);
  CHECK(renyi(1.1, 5).side() == Side::neither);
  CHECK(vr_max(5).side() == Side::neither);
  CHECK(jackknife(5).side() == Side::neither);
  CHECK(tvo(5, 5).side() == Side::neither);
  CHECK(cubo(2, 5).side() == Side::upper);
  // The upper bound is that of the moment; the logarithm of its estimate may fall below log p(x).
  CHECK(std::log(world.moment(2)) / 2 > log_px);
  CHECK(world.expectation(cubo(2, 3)) < std::log(world.moment(2)) / 2);
  // Renyi beyond these does what the labels leave open.
  CHECK(world.expectation(renyi(-8, 7)) > log_px);
  CHECK(world.expectation(vr_max(7)) > log_px);
  CHECK(world.expectation(jackknife(2)) > world.expectation(iw(2)));
}

TEST_CASE("bounds: IW_m, exactly, grows with m and closes like 1/m; the jackknife like 1/m^2") {
  const double log_px = std::log(world.px());
  const double chi2 = world.moment(2) / std::pow(world.px(), 2) - 1;
  double before = world.expectation(elbo());
  for (std::int64_t m = 2; m <= 10; ++m) {
    const double value = world.expectation(iw(m));
    CHECK(value > before);
    before = value;
  }
  CHECK((log_px - before) * 2 * 10 / chi2 == Approx(1).epsilon(0.1));
  const auto gap = [&](std::int64_t m) {
    return std::abs(log_px - world.expectation(jackknife(m)));
  };
  CHECK(std::log2(gap(5) / gap(10)) == Approx(2).margin(0.3));
  CHECK(gap(10) < 0.1 * (log_px - before));
}

TEST_CASE("bounds: they are written as in expressions") {
  CHECK(elbo().text() == "elbo");
  CHECK(iw(5).text() == "iw(m=5)");
  CHECK(mc(3, elbo()).text() == "mc(k=3)");
  CHECK(mc(3, iw(5)).text() == "mc(k=3, m=5)");
  CHECK(mc(3, ciwae(0.25, 5)).text() == "mc(k=3, ciwae(beta=0.25, m=5))");
  CHECK(miwae(3, 5).text() == "miwae(k=3, m=5)");
  CHECK(renyi(0.1, 5).text() == "renyi(alpha=0.1, m=5)");
  CHECK(vr_max(5).text() == "vr_max(m=5)");
  CHECK(cubo(2, 5).text() == "cubo(n=2, m=5)");
  CHECK(ciwae(0.25, 5).text() == "ciwae(beta=0.25, m=5)");
  CHECK(jackknife(5).text() == "jackknife(m=5)");
  CHECK(tvo(4, 5).text() == "tvo(partitions=4, m=5)");
  CHECK(miwae(3, 5).samples() == 15);
}

TEST_CASE("bounds: arguments that make no sense are refused by name") {
  const double nan = std::nan(""), infinity = std::numeric_limits<double>::infinity();
  CHECK_THROWS_WITH(iw(0), contains("iw: m = 0"));
  CHECK_THROWS_WITH(iw(-3), contains("iw: m = -3"));
  CHECK_THROWS_WITH(iw(1'000'001), contains("iw: m = 1000001"));
  CHECK_THROWS_WITH(iw(INT64_MAX), contains("iw: m ="));
  CHECK_THROWS_WITH(mc(0, iw(2)), contains("mc: k = 0"));
  CHECK_THROWS_WITH(mc(1'000'000, iw(1'000'000)), contains("mc: k = 1000000"));
  CHECK_THROWS_WITH(mc(2, mc(1000, iw(1000))), contains("mc: k = 2"));
  CHECK_THROWS_WITH(miwae(0, 5), contains("miwae: k = 0"));
  CHECK_THROWS_WITH(miwae(5, 0), contains("miwae: m = 0"));
  CHECK_THROWS_WITH(miwae(1001, 1000), contains("miwae: k = 1001"));
  CHECK_THROWS_WITH(renyi(nan, 5), contains("renyi: alpha = nan"));
  CHECK_THROWS_WITH(renyi(-infinity, 5), contains("renyi: alpha = -inf"));
  CHECK_THROWS_WITH(cubo(0, 5), contains("cubo: n = 0"));
  CHECK_THROWS_WITH(cubo(-1, 5), contains("cubo: n = -1"));
  CHECK_THROWS_WITH(cubo(infinity, 5), contains("cubo: n = inf"));
  CHECK_THROWS_WITH(ciwae(-0.1, 5), contains("ciwae: beta = -0.1"));
  CHECK_THROWS_WITH(ciwae(1.5, 5), contains("ciwae: beta = 1.5"));
  CHECK_THROWS_WITH(ciwae(0.5, 0), contains("ciwae: m = 0"));
  CHECK_THROWS_WITH(tvo(0, 5), contains("tvo: partitions = 0"));
  CHECK_THROWS_WITH(tvo(1'000'000, 5), contains("tvo: partitions = 1000000"));
  for (const auto& one_sample : std::vector<std::function<Bound(std::int64_t)>>{
           [](std::int64_t m) { return renyi(0.5, m); }, [](std::int64_t m) { return vr_max(m); },
           [](std::int64_t m) { return cubo(2, m); }, [](std::int64_t m) { return jackknife(m); },
           [](std::int64_t m) { return tvo(4, m); }}) {
    CHECK_THROWS_WITH(one_sample(1), contains("m = 1; with one sample it is the ELBO"));
    CHECK_THROWS_WITH(one_sample(0), contains("m = 0"));
  }
  const std::vector<double> four(4);
  CHECK_THROWS_WITH(iw(5)(four), contains("iw(m=5): 4 samples"));
}
