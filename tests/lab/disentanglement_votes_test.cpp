// Scores of codes that need votes, probes or moments, on codes whose scores are known.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "autodiff/error.hpp"
#include "autodiff/threads.hpp"
#include "lab/evaluation/disentanglement/active_units.hpp"
#include "lab/evaluation/disentanglement/aggregators.hpp"
#include "lab/evaluation/disentanglement/beta_vae.hpp"
#include "lab/evaluation/disentanglement/factor_vae.hpp"
#include "lab/evaluation/disentanglement/gaussian_dependence.hpp"
#include "lab/evaluation/disentanglement/irs.hpp"
#include "lab/evaluation/disentanglement/lasso_matrix.hpp"
#include "lab/evaluation/disentanglement/probe.hpp"
#include "lab/statistics/mean_and_error.hpp"
#include "tests/catch.hpp"
#include "tests/lab/disentanglement_points.hpp"

using namespace nelbo;
using namespace nelbo::disentanglement;
using namespace nelbo::tests;

namespace {

void scale(Points& points, double by) {
  for (double& c : points.codes) c *= by;
}

/// Dimension d of the result is +- dimension (d + 2) mod D, times 1000, and something.
Points moved(const Points& points) {
  Points result = points;
  for (std::size_t n = 0; n < points.count(); ++n) {
    for (std::size_t d = 0; d < points.dimensions; ++d) {
      const double from = points.codes[n * points.dimensions + (d + 2) % points.dimensions];
      result.codes[n * points.dimensions + d] = (d % 2 == 0 ? -1000 : 1000) * from + 50;
    }
  }
  return result;
}

/// A perfect code of the small grid but for the last factor.
Points one_missing() {
  Points points = grid_points(small_grid);
  for (std::size_t k = 0; k + 1 < small_grid.size(); ++k) {
    add_code(points, [&](std::size_t n) { return points.factors[k].values[n]; });
  }
  return points;
}

bool within(const Score& score, double value, double errors = 3) {
  return std::abs(score.value - value) <= errors * score.standard_error;
}

}  // namespace

TEST_CASE("disentanglement: a perfect code scores 1, whatever dead dimensions are beside it") {
  for (const int dead : {0, 1, 2, 3, 4, 5}) {
    CAPTURE(dead);
    const Points points = perfect(small_grid, dead);
    CHECK(factor_vae(points, 1).score.value > 0.995);
    CHECK(beta_vae(points, 1).value > 0.995);
    CHECK(irs(points, 1, {.groups = 0}).value > 0.995);
    const ProbeScores probes = probe_scores(points, 1);
    CHECK(probes.explicitness.value > 0.995);
    CHECK(probes.informativeness.value > 0.995);
  }
}

TEST_CASE("disentanglement: probes know a perfect code of 40 and 32 values") {
  const ProbeScores probes = probe_scores(perfect({3, 6, 40, 32}, 1), 1);
  for (std::size_t k = 0; k < 4; ++k) {
    CAPTURE(k);
    CHECK(probes.explicitness_of[k] > 0.995);
    CHECK(probes.informativeness_of[k] > 0.99);
  }
}

TEST_CASE(
    "disentanglement: a missing factor costs FactorVAE's score 1/K and beta-VAE's next to "
    "nothing") {
  const Points points = one_missing();
  const FactorVae votes = factor_vae(points, 3);
  // Votes on the missing factor go to any dimension and are wrong.
  CHECK(within(votes.score, 0.8));
  CHECK(beta_vae(points, 3).value > 0.97);
  const ProbeScores probes = probe_scores(points, 3);
  CHECK(std::abs(probes.informativeness_of[4] - 1.0 / 16) < 0.02);
  CHECK(std::abs(probes.explicitness_of[4]) < 0.05);
  CHECK(probes.informativeness_of[0] == 1);
}

TEST_CASE("disentanglement: noise scores chance and a constant code nothing") {
  const Points noise = noise_points(small_grid, 6);
  CHECK(within(factor_vae(noise, 1).score, 0.2, 4));
  CHECK(within(beta_vae(noise, 1), 0.2, 4));
  CHECK(irs(noise, 1).value < 0.01);
  const ProbeScores probes = probe_scores(noise, 1);
  CHECK(within(probes.explicitness, 0, 4));
  CHECK(std::abs(probes.informativeness.value - (1.0 / 3 + 1.0 / 6 + 0.1 + 2.0 / 16) / 5) < 0.02);

  Points constant = grid_points({3, 4, 20});
  add_code(constant, [](std::size_t) { return 2.5; });
  const FactorVae votes = factor_vae(constant, 1);
  CHECK(votes.kept.empty());
  CHECK(votes.score.value == 0);
  CHECK(votes.score.standard_error == 0);
  CHECK(beta_vae(constant, 1).value == 0);
  CHECK(irs(constant, 1).value == 0);
  CHECK(std::abs(probe_scores(constant, 1).explicitness.value) < 1e-12);
  CHECK(code_dependence(constant, 1).live.empty());
  CHECK(active_units(constant).count.value == 0);
}

TEST_CASE("disentanglement: beta-VAE's score of noise is chance where values have few points") {
  const Points noise = noise_points({200, 2, 12}, 3);  // 24, 2,400 and 400 points to a value
  CHECK(within(beta_vae(noise, 1), 1.0 / 3, 4));       // paired with themselves too: far above
}

TEST_CASE("disentanglement: of two factors turned by 45 degrees votes see half") {
  const Points points = rotated(32);
  CHECK(std::abs(factor_vae(points, 1).score.value - 0.5) < 0.03);
  CHECK(std::abs(beta_vae(points, 1).value - 0.5) < 0.03);
  // 1 - (.99 / 2) / (1 - sqrt .01) for uniform factors of many values.
  CHECK(irs(rotated(200), 1).value == Approx(0.45).margin(0.005));
  CHECK(robustness(rotated(200), RobustnessScale::maximum)(0, 0) == Approx(0.505).margin(0.005));
  // What is linear in the code is known all the same.
  CHECK(probe_scores(points, 1).explicitness.value > 0.995);
}

TEST_CASE("disentanglement: a code that is there twice loses nothing of these scores") {
  Points points = perfect(small_grid);
  for (std::size_t k = 0; k < 5; ++k) {
    add_code(points, [&](std::size_t n) { return points.factors[k].values[n]; });
  }
  CHECK(factor_vae(points, 1).score.value > 0.995);
  CHECK(beta_vae(points, 1).value > 0.995);
  CHECK(irs(points, 1).value > 0.995);
  CHECK(probe_scores(points, 1).explicitness.value > 0.995);
  CHECK(std::isinf(code_dependence(points, 1).means.total_correlation.value));
}

TEST_CASE("disentanglement: scale, sign, order and offset of a code change nothing") {
  Points points = grid_points({3, 6, 10, 8});
  for (std::size_t k = 0; k < 4; ++k) {
    const std::vector<double> noise = rational_noise(count_of(points), 1000 * k);
    add_code(points, [&](std::size_t n) {
      return points.factors[k].values[n] + 0.5 * points.factors[(k + 1) % 4].values[n] + noise[n];
    });
  }
  Points small = points;
  scale(small, 0.01);
  for (const Points& other : {small, moved(points)}) {
    CHECK(factor_vae(other, 5).score.value == factor_vae(points, 5).score.value);
    CHECK(beta_vae(other, 5).value == Approx(beta_vae(points, 5).value).margin(4e-4));
    CHECK(irs(other, 5).value == Approx(irs(points, 5).value).epsilon(1e-9));
    const ProbeScores a = probe_scores(points, 5), b = probe_scores(other, 5);
    CHECK(b.explicitness.value == Approx(a.explicitness.value).margin(1e-4));
    CHECK(b.informativeness.value == Approx(a.informativeness.value).margin(1e-3));
    const CodeDependence c = code_dependence(points, 5), d = code_dependence(other, 5);
    CHECK(d.means.total_correlation.value == Approx(c.means.total_correlation.value).epsilon(1e-9));
    CHECK(d.means.relative_wasserstein.value ==
          Approx(c.means.relative_wasserstein.value).epsilon(1e-9));
  }
  // The differences as they are lose to the penalty.
  Points tiny = perfect(small_grid);
  scale(tiny, 0.001);
  CHECK(beta_vae(tiny, 5, PairFeatures::unscaled).value < 0.9);
  CHECK(beta_vae(tiny, 5).value > 0.995);
}

TEST_CASE("disentanglement: with variances a dimension without information does not vote") {
  Points points = perfect({4, 5, 6});
  add_noise(points, 1e-4, 1);
  CHECK(factor_vae(points, 1).kept == std::vector<std::size_t>{0, 1, 2, 3});
  points.log_variances.assign(points.codes.size(), -2.0);
  for (std::size_t n = 0; n < points.count(); ++n) points.log_variances[4 * n + 3] = 0;
  const FactorVae votes = factor_vae(points, 1);
  CHECK(votes.kept == std::vector<std::size_t>{0, 1, 2});
  CHECK(votes.says == std::vector<std::int32_t>{0, 1, 2, -1});
}

TEST_CASE(
    "disentanglement: total correlation and Wasserstein distance of two correlated Gaussians") {
  for (const double rho : {0.0, 0.3, 0.9}) {
    CAPTURE(rho);
    const GaussianDependence of = gaussian_dependence(std::vector<double>{1, rho, rho, 1}, 2);
    CHECK(of.total_correlation == Approx(-std::log1p(-rho * rho) / 2).margin(1e-14));
    const double distance = 4 - 2 * (std::sqrt(1 + rho) + std::sqrt(1 - rho));
    CHECK(of.wasserstein == Approx(distance).margin(1e-13));
    CHECK(of.relative_wasserstein == Approx(distance / 2).margin(1e-13));
  }
  // Samples of means with rho = .6 and variance 1 in each of two dimensions: rho = .3.
  Points points = grid_points({100, 200});
  std::vector<double> noise(40000);
  fill_normal(noise.data(), {.stream = {.seed = 2}, .batch = 20000, .dimensions = 2});
  add_code(points, [&](std::size_t n) { return noise[2 * n]; });
  add_code(points, [&](std::size_t n) { return 0.6 * noise[2 * n] + 0.8 * noise[2 * n + 1]; });
  points.log_variances.assign(points.codes.size(), 0.0);
  const CodeDependence found = code_dependence(points, 1);
  CHECK(within(found.means.total_correlation, -std::log1p(-0.36) / 2));
  CHECK(within(found.samples->total_correlation, -std::log1p(-0.09) / 2));
  // The error of -ln(1 - r^2) / 2 is r / sqrt N; 20 groups know it to sqrt(1 / 38) = 16 %.
  CHECK(found.means.total_correlation.standard_error ==
        Approx(0.6 / std::sqrt(20000.0)).epsilon(0.5));
}

TEST_CASE("disentanglement: active units are those whose means vary by more than .01") {
  Points points = perfect({3, 4, 50});
  add_noise(points, 0.05, 1);
  add_noise(points, 0.1, 2);
  const ActiveUnits active = active_units(points);
  CHECK(std::vector<std::size_t>(active.units.begin(), active.units.begin() + 3) ==
        std::vector<std::size_t>{0, 1, 2});
  // The last is about at the bound, so it counts with probability about a half.
  CHECK(active.count.standard_error > 0.05);
  CHECK(active.count.standard_error <= 0.5);
}

TEST_CASE("disentanglement: factors that cannot be held fixed are refused by name") {
  Points points = perfect({3, 40});
  points.factors[0].classes.assign(120, 1);
  CHECK_THROWS_WITH(factor_vae(points, 1), contains("'v0' has the same value at all 120"));
  points = perfect({3, 40});
  std::iota(points.factors[1].classes.begin(), points.factors[1].classes.end(), 0);
  points.factors[1].size = 120;
  CHECK_THROWS_WITH(beta_vae(points, 1), contains("'v1': no two of the 120 points share a value"));
  points.factors.clear();
  CHECK_THROWS_WITH(factor_vae(points, 1), contains("no factors"));
}

TEST_CASE("disentanglement: the same seed gives the same bits for any number of threads") {
  const Points points = noise_points({3, 6, 10}, 3);
  const auto scores = [&] {
    const ProbeScores probes = probe_scores(points, 2);
    const CodeDependence dependence = code_dependence(points, 2);
    return std::vector<double>{
        factor_vae(points, 2).score.value,     beta_vae(points, 2).value,
        irs(points, 2).standard_error,         probes.explicitness.value,
        probes.informativeness.standard_error, dependence.means.wasserstein.standard_error};
  };
  const std::size_t threads = num_threads();
  set_num_threads(1);
  const std::vector<double> one = scores();
  set_num_threads(4);
  CHECK(scores() == one);
  set_num_threads(threads);
}

TEST_CASE("disentanglement: of a continuous factor probes say the share of variance") {
  // c = v + epsilon with v and epsilon N(0, 1) and N(0, 1/4): R^2 = .8.
  Points points = grid_points({100, 120});
  std::vector<double> noise(24000);
  fill_normal(noise.data(), {.stream = {.seed = 8}, .batch = 12000, .dimensions = 2});
  Factor& factor = points.factors[0];
  factor.continuous = true;
  factor.size = 20;
  std::vector<double> ranked;
  for (std::size_t n = 0; n < 12000; ++n) ranked.push_back(factor.values[n] = noise[2 * n]);
  std::sort(ranked.begin(), ranked.end());
  for (std::size_t n = 0; n < 12000; ++n) {
    const auto below = std::lower_bound(ranked.begin(), ranked.end(), noise[2 * n]);
    factor.classes[n] = std::int32_t(20 * (below - ranked.begin()) / 12000);
  }
  points.factors.resize(1);
  add_code(points, [&](std::size_t n) { return noise[2 * n] + 0.5 * noise[2 * n + 1]; });
  const ProbeScores probes = probe_scores(points, 1);
  CHECK(within(probes.informativeness, 0.8));
  // That of R^2 over n points is 2 r (1 - r^2) / sqrt n.
  CHECK(probes.informativeness.standard_error ==
        Approx(2 * std::sqrt(0.8) * 0.2 / std::sqrt(4000.0)).epsilon(0.1));
  CHECK(probes.explicitness.value > 0.5);
}

TEST_CASE("disentanglement: jackknife errors are those of many samples") {
  constexpr std::size_t sets = 80;
  RunningMean values[2], errors[2];  // of the Lasso's gap and IRS
  for (std::size_t set = 0; set < sets; ++set) {
    Points points = grid_points({4, 5, 30});
    std::vector<double> noise(count_of(points));
    for (std::size_t k = 0; k < 2; ++k) {
      fill_normal(noise.data(), {.stream = {.seed = 21, .variable = std::uint32_t(k)},
                                 .step = set,
                                 .dimensions = noise.size()});
      add_code(points, [&](std::size_t n) { return points.factors[k].values[n] + noise[n]; });
    }
    points.factors.resize(2);
    const std::vector<Score> scores = jackknifed(points, set, {}, [](const Points& some) {
      return std::vector<double>{gap(lasso_matrix(some))};
    });
    const Score of[] = {scores[0], irs(points, set)};
    for (std::size_t i = 0; i < 2; ++i) {
      values[i].add(of[i].value), errors[i].add(of[i].standard_error);
    }
  }
  for (std::size_t i = 0; i < 2; ++i) {
    CAPTURE(i);
    const double spread = values[i].result().standard_error * std::sqrt(double(sets));
    // A standard deviation of 80 numbers is known to 8 %: within 4 of its errors.
    CHECK(std::abs(errors[i].result().mean / spread - 1) < 0.32);
  }
}

TEST_CASE("disentanglement: codes of any scale are scored") {
  for (const double by : {1e-6, 1e6}) {
    CAPTURE(by);
    Points points = perfect({3, 4, 6});
    scale(points, by);
    CHECK(factor_vae(points, 1).score.value == 1);
    CHECK(beta_vae(points, 1).value > 0.995);
    CHECK(std::isfinite(beta_vae(points, 1, PairFeatures::unscaled).value));
    CHECK(probe_scores(points, 1).informativeness.value == 1);
    CHECK(irs(points, 1).value > 0.995);
  }
}
