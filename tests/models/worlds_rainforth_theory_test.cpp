// The closed forms of the Rainforth toy against published constants, quadrature and simulations in
// plain double arithmetic.
#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include "autodiff/error.hpp"
#include "autodiff/random.hpp"
#include "models/worlds/rainforth_theory.hpp"
#include "tests/catch.hpp"

using namespace nelbo;
using Est = ToyEstimator;
using Group = ToyGroup;

namespace {

/// The configuration of the task: D = 20, delta 0.1, residual 1, variance 2/3.
const RainforthTheory& golden() {
  static const RainforthTheory theory({});
  return theory;
}

struct Moments {
  double mean = 0, squares = 0;
  std::int64_t n = 0;
  void add(double x) {
    ++n;
    mean += (x - mean) / double(n);
    squares += x * x;
  }
  double error() const { return std::sqrt((squares / double(n) - mean * mean) / double(n)); }
};

constexpr Est estimators[] = {Est::reparam, Est::stl, Est::dreg, Est::wake};

/// Estimates of mean and variance of a coordinate, averaged over the coordinates.
struct Simulated {
  Moments mean, variance;
};

struct Simulation {
  Simulated phi[4], theta;
};

/// R gradients of IW_m from the definitions: log w = log P(x, z) - log Q(z|x).
Simulation simulate(const RainforthConfig& c, std::size_t m, std::size_t replicates) {
  const std::size_t D = std::size_t(c.dimensions);
  const double s = std::sqrt(c.variance), x = 2 * c.residual, mu = 0, b = c.delta;
  const RainforthTheory theory(c);
  std::vector<double> noise(m * D), weight(m), g(D * 5);
  Simulation result;
  for (std::size_t r = 0; r < replicates; ++r) {
    fill_normal(noise.data(), {.stream = {.seed = 5}, .step = r, .draws = m, .dimensions = D});
    double largest = -1e300, total = 0;
    for (std::size_t i = 0; i < m; ++i) {
      double f = 0;
      for (std::size_t d = 0; d < D; ++d) {
        const double e = noise[i * D + d], z = x / 2 + b + s * e;
        f += -((x - z) * (x - z) + (z - mu) * (z - mu) - e * e) / 2;
      }
      weight[i] = f;
      largest = std::max(largest, f);
    }
    for (double& w : weight) total += w = std::exp(w - largest);
    std::fill(g.begin(), g.end(), 0.0);
    for (std::size_t i = 0; i < m; ++i) {
      const double w = weight[i] / total;
      for (std::size_t d = 0; d < D; ++d) {
        const double e = noise[i * D + d], z = x / 2 + b + s * e;
        const double score = e / s;                      // d log Q / db at fixed z
        const double path = (x - z) - (z - mu) + score;  // d log w / dz
        double* to = &g[d * 5];
        to[0] += w * (path - score);
        to[1] += w * path;
        to[2] += w * w * path;
        to[3] += w * score;
        to[4] += w * (z - mu);
      }
    }
    for (int e = 0; e < 5; ++e) {
      const auto exact = e < 4 ? theory.gradient(estimators[e], Group::phi, std::int64_t(m))
                               : theory.gradient(Est::reparam, Group::theta, std::int64_t(m));
      double mean = 0, variance = 0;
      for (std::size_t d = 0; d < D; ++d) {
        mean += g[d * 5 + std::size_t(e)] / double(D);
        variance += std::pow(g[d * 5 + std::size_t(e)] - exact->mean, 2) / double(D);
      }
      Simulated& to = e < 4 ? result.phi[e] : result.theta;
      to.mean.add(mean);
      to.variance.add(variance);
    }
  }
  return result;
}

}  // namespace

TEST_CASE("The toy's theory has the constants of the literature") {
  const RainforthTheory& t = golden();
  CHECK(t.gap() == Approx(0.65651).epsilon(1e-5));
  CHECK(t.weight_moment(1) == Approx(1).epsilon(1e-14));
  CHECK(t.weight_moment(2) == Approx(2.42392).epsilon(2e-6));
  CHECK(t.weight_moment(3) == Approx(9.96412).epsilon(2e-6));
  CHECK(t.weight_moment(4) == Approx(58.1413).epsilon(2e-6));
  CHECK(RainforthTheory({.delta = 0}).gap() == Approx(0.456512).epsilon(2e-6));
  CHECK((RainforthTheory({.delta = 0}).weight_moment(2) - 1) / 2 == Approx(0.45336).epsilon(1e-5));
}

TEST_CASE("The toy's weight moments and divergence are those of quadrature") {
  for (const double s2 : {0.45, 0.5, 2.0 / 3, 1.3}) {
    for (const double delta : {0.0, 0.1, -0.6}) {
      const RainforthTheory t({.dimensions = 2, .delta = delta, .residual = 0.4, .variance = s2});
      double gap = 0, moments[5] = {};
      const double h = 1e-3;
      for (int i = -20000; i <= 20000; ++i) {  // of y, about the posterior's mean 0
        const double y = h * i;
        const double log_p = -y * y - std::log(std::numbers::pi) / 2;
        const double log_q =
            -(y - delta) * (y - delta) / (2 * s2) - std::log(2 * std::numbers::pi * s2) / 2;
        gap -= h * std::exp(log_q) * (log_p - log_q);
        for (int k = 1; k <= 4; ++k) moments[k] += h * std::exp(log_q + k * (log_p - log_q));
      }
      CAPTURE(s2, delta);
      CHECK(t.gap() == Approx(2 * gap).epsilon(1e-10).margin(1e-12));
      for (int k = 1; k <= 4; ++k) {
        CHECK(t.weight_moment(k) == Approx(moments[k] * moments[k]).epsilon(1e-10));
      }
      double evidence = 0;  // at x = 0.8, mu = 0
      for (int i = -12000; i <= 12000; ++i) {
        const double z = h * i;
        evidence += h * std::exp(-(0.8 - z) * (0.8 - z) / 2 - z * z / 2) / (2 * std::numbers::pi);
      }
      CHECK(t.log_evidence() == Approx(2 * std::log(evidence)).epsilon(1e-10));
    }
  }
}

TEST_CASE("The toy's gradients are those that an independent simulation measured") {
  // D = 20, delta 0.1, residual 1, 10^5 to 2 10^6 replicates; leading order is off at small m.
  struct Row {
    Est estimator;
    Group group;
    std::int64_t m;
    double mean, variance, snr;  // 0: not measured
    double tolerance;
  };
  const Row rows[] = {{Est::reparam, Group::phi, 1, -0.2, 2.667, 0.122, 0.005},
                      {Est::reparam, Group::theta, 1, 1.1, 0.667, 1.35, 0.005},
                      {Est::dreg, Group::phi, 1, -0.2, 0.1667, 0, 0.005},
                      {Est::reparam, Group::phi, 64, 0, 0.0605, 0.0186, 0.02},
                      {Est::reparam, Group::theta, 64, 1.002, 0.01513, 8.15, 0.02},
                      {Est::dreg, Group::phi, 64, 0, 1.40e-5, 1.20, 0.14},
                      {Est::reparam, Group::phi, 256, 0, 0.01526, 0.0090, 0.022},
                      {Est::reparam, Group::theta, 256, 0, 0, 16.2, 0.02},
                      {Est::dreg, Group::phi, 256, 0, 2.40e-7, 2.31, 0.05},
                      {Est::dreg, Group::phi, 1024, 0, 3.84e-9, 4.58, 0.05},
                      {Est::reparam, Group::theta, 1024, 0, 0, 32.4, 0.02}};
  for (const Row& row : rows) {
    const auto g = golden().gradient(row.estimator, row.group, row.m);
    REQUIRE(g);
    CAPTURE(int(row.estimator), int(row.group), row.m, g->mean, g->variance, g->snr());
    CHECK(g->exact == (row.m == 1));
    if (row.mean != 0) CHECK(g->mean == Approx(row.mean).epsilon(row.tolerance));
    if (row.variance != 0) CHECK(g->variance == Approx(row.variance).epsilon(row.tolerance));
    if (row.snr != 0) CHECK(g->snr() == Approx(row.snr).epsilon(row.tolerance));
  }
  CHECK(golden().gradient(Est::stl, Group::phi, 1)->variance == Approx(1.0 / 6).epsilon(1e-14));
  CHECK(golden().gradient(Est::stl, Group::phi, 1 << 20)->mean == Approx(-0.15).epsilon(1e-5));
  CHECK(golden().gradient(Est::wake, Group::phi, 1 << 20)->mean == Approx(-0.15).epsilon(1e-5));
}

TEST_CASE("The toy's exact gradients stand in a simulation") {
  for (const RainforthConfig& c :
       {RainforthConfig{},
        RainforthConfig{.dimensions = 3, .delta = -0.4, .residual = 0.3, .variance = 0.9}}) {
    const Simulation s = simulate(c, 1, 60000);
    const RainforthTheory theory(c);
    const auto check = [](const Simulated& measured, const std::optional<ToyGradient>& exact) {
      REQUIRE(exact);
      CHECK(exact->exact);
      CAPTURE(measured.mean.mean, exact->mean, measured.variance.mean, exact->variance);
      CHECK(std::fabs(measured.mean.mean - exact->mean) < 4 * measured.mean.error());
      CHECK(std::fabs(measured.variance.mean - exact->variance) < 4 * measured.variance.error());
    };
    for (int e = 0; e < 4; ++e) check(s.phi[e], theory.gradient(estimators[e], Group::phi, 1));
    check(s.theta, theory.gradient(Est::reparam, Group::theta, 1));
  }
}

TEST_CASE("The toy's leading orders are reached at m = 256 in a simulation") {
  const Simulation s = simulate({}, 256, 6000);
  const auto check = [](const Simulated& measured, const std::optional<ToyGradient>& theory,
                        double tolerance) {
    REQUIRE(theory);
    CHECK(!theory->exact);
    CAPTURE(measured.mean.mean, measured.mean.error(), theory->mean, measured.variance.mean,
            measured.variance.error(), theory->variance);
    CHECK(std::fabs(measured.mean.mean - theory->mean) <
          0.02 * std::fabs(theory->mean) + 4 * measured.mean.error());
    CHECK(std::fabs(measured.variance.mean - theory->variance) <
          tolerance * theory->variance + 4 * measured.variance.error());
    // The simulation is good enough to tell.
    CHECK(measured.variance.error() < 0.02 * theory->variance);
  };
  for (int e = 0; e < 4; ++e) {
    INFO("estimator " << e);
    check(s.phi[e], golden().gradient(estimators[e], Group::phi, 256),
          estimators[e] == Est::dreg ? 0.05 : 0.02);
  }
  check(s.theta, golden().gradient(Est::reparam, Group::theta, 256), 0.02);
  // Correct to 1/m, these two means are no longer their limits.
  const Moments& stl = s.phi[1].mean;
  CHECK(std::fabs(stl.mean - golden().gradient(Est::stl, Group::phi, 256)->mean) < 4 * stl.error());
}

TEST_CASE("The toy's slopes are the known ones") {
  const RainforthTheory& t = golden();
  CHECK(t.slope_in_m(Est::reparam, Group::phi) == -0.5);
  CHECK(t.slope_in_m(Est::dreg, Group::phi) == 0.5);
  CHECK(t.slope_in_m(Est::stl, Group::phi) == 0.5);
  CHECK(t.slope_in_m(Est::wake, Group::phi) == 0.5);
  for (const Est e : estimators) CHECK(t.slope_in_m(e, Group::theta) == 0.5);
  // The slopes of the leading orders themselves, in m and k.
  for (const Group group : {Group::phi, Group::theta}) {
    for (const Est e : estimators) {
      for (const RainforthConfig& c :
           {RainforthConfig{}, RainforthConfig{.delta = -0.2, .residual = 0, .variance = 0.6}}) {
        const RainforthTheory theory(c);
        const auto snr = [&](std::int64_t m, std::int64_t k) {
          return theory.gradient(e, group, m, k)->snr();
        };
        CHECK(std::log(snr(1 << 22, 1) / snr(1 << 20, 1)) / std::log(4) ==
              Approx(*theory.slope_in_m(e, group)).epsilon(1e-4));
        for (const std::int64_t m : {1, 4, 64}) {
          if (snr(m, 1) == 0) continue;
          CHECK(std::log(snr(m, 16) / snr(m, 1)) / std::log(16) ==
                Approx(t.slope_in_k).epsilon(1e-12));
        }
      }
    }
  }
  // Without signal or noise there is none.
  const RainforthTheory level({.delta = 0, .residual = 0});
  CHECK(!level.slope_in_m(Est::reparam, Group::phi));
  CHECK(!level.slope_in_m(Est::dreg, Group::phi));
  CHECK(!level.slope_in_m(Est::reparam, Group::theta));
  const RainforthTheory posterior({.delta = 0, .variance = 0.5});
  CHECK(posterior.gradient(Est::stl, Group::phi, 1)->variance == 0);
  CHECK(posterior.gradient(Est::dreg, Group::phi, 8)->variance == 0);
  CHECK(posterior.gradient(Est::reparam, Group::phi, 8)->variance > 0.1);
}

TEST_CASE("The toy's theory says where moments do not exist and refuses counts below one") {
  const RainforthTheory narrow({.variance = 0.3});  // 1 + k (2 s^2 - 1) > 0 for k < 2.5
  CHECK(std::isfinite(narrow.weight_moment(2)));
  CHECK(std::isinf(narrow.weight_moment(3)));
  CHECK(narrow.gradient(Est::reparam, Group::phi, 8));
  CHECK(!narrow.gradient(Est::dreg, Group::phi, 8));
  CHECK(narrow.gradient(Est::dreg, Group::theta, 8));
  CHECK(!narrow.slope_in_m(Est::dreg, Group::phi));
  const RainforthTheory narrower({.variance = 0.2});
  CHECK(narrower.gradient(Est::reparam, Group::phi, 1)->exact);
  CHECK(!narrower.gradient(Est::reparam, Group::phi, 2));
  CHECK_THROWS_AS(golden().gradient(Est::stl, Group::phi, 0), Error);
  CHECK_THROWS_AS(golden().gradient(Est::stl, Group::phi, 1, 0), Error);
  CHECK_THROWS_AS(RainforthTheory({.variance = -1}), Error);
}
