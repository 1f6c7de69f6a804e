// Information, correlation and samples of codes whose scores are known, and what scores their matrices.
#include <algorithm>
#include <cmath>

#include "autodiff/threads.hpp"
#include "lab/evaluation/disentanglement/aggregators.hpp"
#include "lab/evaluation/disentanglement/bins.hpp"
#include "lab/evaluation/disentanglement/bootstrap.hpp"
#include "lab/evaluation/disentanglement/correlation.hpp"
#include "lab/evaluation/disentanglement/evaluation.hpp"
#include "lab/evaluation/disentanglement/exact_information.hpp"
#include "lab/evaluation/disentanglement/information.hpp"
#include "lab/evaluation/disentanglement/make_points.hpp"
#include "lab/evaluation/disentanglement/sampled_information.hpp"
#include "lab/evaluation/disentanglement/score_group.hpp"
#include "lab/evaluation/disentanglement/sections.hpp"
#include "lab/statistics/mean_and_error.hpp"
#include "tests/catch.hpp"
#include "tests/lab/disentanglement_points.hpp"

using namespace nelbo;
using namespace nelbo::disentanglement;
using namespace nelbo::tests;

namespace {

/// The metrics that are of a matrix, of a corrected information and of squared correlation.
struct OfMatrix {
  double mig, mig_sup, d, c, modularity, dcimig, jemmig, sap, d_correlation, c_correlation;
};

OfMatrix scores(const Points& points) {
  const Information information(points, 0);
  const Information::Corrected of = information.corrected();
  std::vector<std::size_t> bins;
  for (const Classes& code : information.counted().codes) bins.push_back(code.count);
  Matrix squares = squared_correlation(points);
  const std::vector<std::size_t> live = information.active();
  for (std::size_t d = 0; d < squares.rows(); ++d) {
    for (std::size_t k = 0; k < squares.columns(); ++k) {
      if (std::find(live.begin(), live.end(), d) == live.end()) squares(d, k) = 0;
    }
  }
  return {gap(of.share),
          sup_gap(of.share),
          dci_disentanglement(of.share),
          dci_completeness(of.share),
          modularity(of.share),
          dcimig(of.nats, of.factor_entropy),
          jemmig(of.nats, of.factor_entropy, of.code_entropy, bins),
          gap(squares),
          dci_disentanglement(squares),
          dci_completeness(squares)};
}

void check_all(const OfMatrix& of, double expected, double within) {
  for (const double value : {of.mig, of.mig_sup, of.d, of.c, of.modularity, of.dcimig, of.jemmig,
                             of.sap, of.d_correlation, of.c_correlation}) {
    CHECK_THAT(value, Catch::Matchers::WithinAbs(expected, within));
  }
}

/// The mixed perfect code of a grid and independent noise of the same kind as the dead dimensions, with
/// variances.
Points with_variances(Points points, double deviation) {
  points.log_variances.assign(points.codes.size(), 2 * std::log(deviation));
  return points;
}

}  // namespace

TEST_CASE("disentanglement information: values that are none end up in some bin") {
  const double none = std::nan("");
  const Classes classes = exact_or_equal_mass(std::vector<double>{none, 1, none, 2}, 2);
  CHECK(classes.of.size() == 4);
  for (const std::uint8_t bin : classes.of) CHECK(bin < classes.count);
}

TEST_CASE("disentanglement: a perfect code with 0 to 5 dead dimensions scores 1 in every matrix") {
  for (const int dead : {0, 1, 5}) {
    CAPTURE(dead);
    check_all(scores(perfect(small_grid, dead)), 1, 1e-3);
  }
}

TEST_CASE("disentanglement: noise and constant codes have no live code, and score 0") {
  check_all(scores(noise_points(small_grid, 10)), 0, 0);
  Points constant = grid_points(small_grid);
  for (int d = 0; d < 3; ++d) add_code(constant, [](std::size_t) { return 0.1; });
  check_all(scores(constant), 0, 0);
}

TEST_CASE("disentanglement: a missing factor costs 1/K of MIG and SAP, and no D") {
  Points points = grid_points(small_grid);
  for (std::size_t k = 0; k < 4; ++k) {
    add_code(points, [&](std::size_t n) { return points.factors[k].values[n]; });
  }
  const OfMatrix of = scores(points);
  CHECK_THAT(of.mig, Catch::Matchers::WithinAbs(0.8, 1e-3));
  CHECK_THAT(of.sap, Catch::Matchers::WithinAbs(0.8, 1e-3));
  CHECK_THAT(of.d, Catch::Matchers::WithinAbs(1, 1e-3));
  CHECK_THAT(of.c, Catch::Matchers::WithinAbs(0.8, 1e-3));
  CHECK_THAT(of.modularity, Catch::Matchers::WithinAbs(1, 1e-3));
}

TEST_CASE("disentanglement: a factor missing from noisy codes counts 0 of completeness") {
  Points points{.dimensions = 4, .codes = {}, .log_variances = {}, .factors = {}};
  constexpr std::size_t count = 5000;
  for (std::uint32_t k = 0; k < 5; ++k) {
    std::vector<double> u(count), values(count);
    fill_uniform(u.data(), {.stream = {.seed = 1, .variable = k}, .dimensions = count});
    for (std::size_t n = 0; n < count; ++n) values[n] = std::floor(u[n] * small_grid[k]);
    points.factors.push_back(make_factor("v", std::move(values)));
  }
  std::vector<double> noise(count * 4);
  fill_normal(noise.data(), {.stream = {.seed = 1, .variable = 9}, .dimensions = noise.size()});
  for (std::size_t i = 0; i < noise.size(); ++i) {
    points.codes.push_back(points.factors[i % 4].values[i / 4] + 0.05 * noise[i]);
  }
  const Information information(points, 0);
  CHECK(information.active() == std::vector<std::size_t>{0, 1, 2, 3});
  CHECK(information.known() == std::vector<std::size_t>{0, 1, 2, 3});
  // Chance information about the fifth factor is concentrated in a code or two: it made C .99.
  for (const Metric& metric : evaluate(points, {}).metrics) {
    if (!metric.name.starts_with("dci_completeness")) continue;
    if (metric.name.ends_with(".trees")) continue;  // whose importances have noise of their own
    CAPTURE(metric.name);
    CHECK_THAT(metric.score.value, Catch::Matchers::WithinAbs(0.8, 0.012));
    CHECK(metric.score.standard_error < 0.02);
  }
}

TEST_CASE(
    "disentanglement: two factors turned by 45 degrees: MIG 0, SAP 0, D 0, C 0, modularity 0") {
  const OfMatrix of = scores(rotated(16));
  for (const double value :
       {of.mig, of.sap, of.d, of.c, of.modularity, of.mig_sup, of.d_correlation}) {
    CHECK_THAT(value, Catch::Matchers::WithinAbs(0, 1e-6));
  }
}

TEST_CASE("disentanglement: every code twice: MIG 0, D 1, C 1 - ln 2 / ln 2K") {
  Points points = perfect(small_grid);
  for (std::size_t k = 0; k < 5; ++k) {
    add_code(points, [&](std::size_t n) { return points.factors[k].values[n]; });
  }
  const double expected = 1 - std::log(2.0) / std::log(10.0);
  for (const int dead : {0, 3}) {
    for (int d = 0; d < dead; ++d) add_noise(points, 1e-3, std::uint32_t(d));
    const OfMatrix of = scores(points);
    CHECK_THAT(of.mig, Catch::Matchers::WithinAbs(0, 1e-9));
    CHECK_THAT(of.sap, Catch::Matchers::WithinAbs(0, 1e-9));
    CHECK_THAT(of.d, Catch::Matchers::WithinAbs(1, 1e-3));
    CHECK_THAT(of.c, Catch::Matchers::WithinAbs(expected, 1e-3));
    CHECK_THAT(of.d_correlation, Catch::Matchers::WithinAbs(1, 1e-3));
    CHECK_THAT(of.c_correlation, Catch::Matchers::WithinAbs(expected, 1e-3));
  }
}

TEST_CASE("disentanglement: one code of two factors: MIG is blind to it, MIG-SUP and D are not") {
  Points points = grid_points({4, 4, 5});
  add_code(points, [&](std::size_t n) {
    return points.factors[0].values[n] * 4 + points.factors[1].values[n];
  });
  add_code(points, [&](std::size_t n) { return points.factors[2].values[n]; });
  const OfMatrix of = scores(points);
  CHECK_THAT(of.mig, Catch::Matchers::WithinAbs(1, 0.01));
  // The code of two has weight 2 of 3, a gap of 0 over factors, and D 1 - ln 2 / ln 3.
  CHECK_THAT(of.mig_sup, Catch::Matchers::WithinAbs(1.0 / 3, 0.01));
  CHECK_THAT(of.d, Catch::Matchers::WithinAbs(1 - 2.0 / 3 * std::log(2.0) / std::log(3.0), 0.01));
  CHECK_THAT(of.modularity, Catch::Matchers::WithinAbs(2.0 / 3 * 0.5 + 1.0 / 3, 0.01));
}

TEST_CASE(
    "disentanglement: scale, sign, order, offset and what is monotone change no information") {
  Points points = grid_points({5, 8, 9});
  for (std::size_t k = 0; k < 3; ++k) {
    add_noise(points, 1, std::uint32_t(7 + k));
    for (std::size_t n = 0; n < count_of(points); ++n) {
      points.codes[n * (k + 1) + k] +=
          points.factors[k].values[n] + points.factors[(k + 1) % 3].values[n] / 4;
    }
  }
  const OfMatrix of = scores(points);
  const auto changed = [&](const std::function<double(double)>& f) {
    Points other = points;
    for (double& code : other.codes) code = f(code);
    return scores(other);
  };
  CHECK(changed([](double c) { return 0.01 * c; }).mig == of.mig);
  CHECK(changed([](double c) { return c * c * c; }).mig == of.mig);
  CHECK_THAT(changed([](double c) { return -c; }).mig, Catch::Matchers::WithinAbs(of.mig, 1e-12));
  CHECK_THAT(changed([](double c) { return 0.01 * c + 7; }).sap,
             Catch::Matchers::WithinAbs(of.sap, 1e-12));
  Points turned = points;
  for (std::size_t n = 0; n < count_of(points); ++n) {
    for (std::size_t d = 0; d < 3; ++d) turned.codes[n * 3 + d] = points.codes[n * 3 + (d + 1) % 3];
  }
  CHECK_THAT(scores(turned).d, Catch::Matchers::WithinAbs(of.d, 1e-12));
  CHECK_THAT(scores(turned).jemmig, Catch::Matchers::WithinAbs(of.jemmig, 1e-12));
}

TEST_CASE("disentanglement: the correction of information is that of its bias") {
  // v of 6 values seen through a channel that is right with probability .4, else uniform, 800 points: the
  // exact information is that of the joint table. Means over 200 data sets.
  constexpr std::size_t N = 800, sets = 200, m = 6;
  const double right = 0.4 + 0.6 / m, wrong = 0.6 / m;
  const double exact =
      std::log(double(m)) + right * std::log(right) + (m - 1) * wrong * std::log(wrong);
  RunningMean plug_in, corrected, null;
  for (std::size_t set = 0; set < sets; ++set) {
    std::vector<double> u(3 * N);
    fill_uniform(u.data(),
                 {.stream = {.seed = 5, .variable = 3}, .step = set, .dimensions = u.size()});
    std::vector<double> v(N), c(N), other(N);
    for (std::size_t n = 0; n < N; ++n) {
      v[n] = std::floor(m * u[3 * n]);
      c[n] = u[3 * n + 1] < 0.4 ? v[n] : std::floor(m * u[3 * n + 2]);
    }
    Points points{
        .dimensions = 1, .codes = c, .log_variances = {}, .factors = {make_factor("v", v)}};
    const Information information(points, set);
    plug_in.add(information.plug_in().information(0, 0));
    corrected.add(information.corrected().nats(0, 0));
    null.add(information.bias()(0, 0));
  }
  const auto z = [&](const RunningMean& mean, double truth) {
    return (mean.result().mean - truth) / mean.result().standard_error;
  };
  INFO("exact " << exact << ", plug-in z " << z(plug_in, exact) << ", corrected z "
                << z(corrected, exact));
  CHECK(z(plug_in, exact) > 5);                // too high by (m - 1)^2 / 2N = .0156
  CHECK(std::abs(z(corrected, exact)) < 3.5);  // seen: z below 3
  CHECK_THAT(null.result().mean, Catch::Matchers::WithinAbs((m - 1.0) * (m - 1) / (2 * N), 1e-3));
}

TEST_CASE("disentanglement: sampled information of z = v + sigma epsilon is the closed form") {
  // One factor of 32 values, 64 points each; I / ln 32 by quadrature (numpy).
  const struct {
    double sigma, share;
  } known[] = {{0.1, 1.0}, {0.2, 0.9906}, {0.3, 0.9330}, {0.5, 0.7949}, {1.0, 0.6075}};
  for (const auto& of : known) {
    CAPTURE(of.sigma);
    Points points = grid_points({32, 64});
    add_code(points, [&](std::size_t n) { return points.factors[0].values[n]; });
    const Points spread = with_variances(points, of.sigma);
    const SampledInformation sampled(spread, 2048, 3);
    CHECK_THAT(sampled.information()(0, 0) / std::log(32.0),
               Catch::Matchers::WithinAbs(of.share, 0.012));
    CHECK_THAT(sampled.information()(0, 1), Catch::Matchers::WithinAbs(0, 1e-5));
    const ChenInformation chen(spread, 2048, 3);
    CHECK_THAT(chen.information()(0, 0) / std::log(32.0),
               Catch::Matchers::WithinAbs(of.share, 0.02));
  }
}

TEST_CASE("disentanglement: exact information is the closed form, and what samples estimate") {
  // The mean over v of E log(32 N(z; v) / sum_w N(z; w)) by Gauss-Hermite quadrature in numpy.
  const struct {
    double sigma, share;
  } known[] = {{0.1, 0.9999995174130851},
               {0.3, 0.931795303047112},
               {0.5, 0.7972305412218085},
               {1.0, 0.6061768569328218}};
  for (const auto& of : known) {
    CAPTURE(of.sigma);
    Points points = grid_points({32, 4});
    add_code(points, [&](std::size_t n) { return points.factors[0].values[n]; });
    const auto exact = exact_information(with_variances(points, of.sigma));
    REQUIRE(exact);
    CHECK_THAT((*exact)(0, 0) / std::log(32.0), Catch::Matchers::WithinAbs(of.share, 1e-7));
    CHECK_THAT((*exact)(0, 1), Catch::Matchers::WithinAbs(0, 1e-12));
  }
  // Uneven means and deviations: samples against the integral.
  Points points = grid_points({4, 5, 100});
  add_noise(points, 0.5, 1);
  add_noise(points, 1, 2);
  for (std::size_t n = 0; n < count_of(points); ++n)
    points.codes[2 * n] += points.factors[1].values[n];
  points.log_variances.resize(points.codes.size());
  for (std::size_t i = 0; i < points.codes.size(); ++i) {
    points.log_variances[i] = -1 - double(i * 7919 % 101) / 101;
  }
  const auto exact = exact_information(points);
  REQUIRE(exact);
  const SampledInformation sampled(points, 2000, 1);
  const std::vector<double> errors = bootstrap_errors([&](std::size_t replicate) {
    const Matrix nats = sampled.information(resampled(2000, 1, replicate));
    return std::vector<double>{nats(0, 1), nats(0, 2), nats(1, 2)};
  });
  const double z[] = {(sampled.information()(0, 1) - (*exact)(0, 1)) / errors[0],
                      (sampled.information()(0, 2) - (*exact)(0, 2)) / errors[1],
                      (sampled.information()(1, 2) - (*exact)(1, 2)) / errors[2]};
  INFO("z " << z[0] << " " << z[1] << " " << z[2]);
  for (const double one : z) CHECK(std::abs(one) < 3.5);
  CHECK((*exact)(0, 1) > 0.5);
}

TEST_CASE("disentanglement: bins are of equal mass, exact where values are few, and nested") {
  std::vector<double> values(4000);
  for (std::size_t n = 0; n < values.size(); ++n)
    values[n] = std::exp(double(n * 7919 % 4000) / 300);
  const Classes by_mass = exact_or_equal_mass(values, 40);
  CHECK_FALSE(by_mass.exact);
  std::vector<int> counts(40, 0);
  for (const std::uint8_t bin : by_mass.of) ++counts[bin];
  CHECK(std::all_of(counts.begin(), counts.end(), [](int count) { return count == 100; }));
  const Classes coarse = exact_or_equal_mass(values, 20);
  for (std::size_t n = 0; n < values.size(); ++n) CHECK(by_mass.of[n] / 2 == coarse.of[n]);

  for (double& value : values) value = std::floor(std::log(value));
  const Classes exact = exact_or_equal_mass(values, 40);
  CHECK(exact.exact);
  CHECK(exact.count == 14);
  CHECK(equal_mass_bins(46080, 16) == 200);
  CHECK(equal_mass_bins(10000, 40) == 40);
  CHECK(equal_mass_bins(1000, 32) == 20);
  CHECK(equal_mass_bins(50, 3) == 10);
}

TEST_CASE("disentanglement: a continuous factor's own value is a perfect code of it") {
  std::vector<double> v(5000);
  for (std::size_t n = 0; n < v.size(); ++n) v[n] = std::sqrt(double(n * 7919 % 5000));
  const Points points{
      .dimensions = 1, .codes = v, .log_variances = {}, .factors = {make_factor("v", v)}};
  REQUIRE(points.factors[0].continuous);
  CHECK_THAT(scores(points).mig, Catch::Matchers::WithinAbs(1, 1e-6));
  CHECK_THAT(scores(points).sap, Catch::Matchers::WithinAbs(1, 1e-6));
}

TEST_CASE("disentanglement: bootstrap errors are those of many samples") {
  // A noisy code of two factors, 500 points: the error against the spread of 60 data sets.
  RunningMean mig, sap, errors_mig, errors_sap;
  for (std::size_t set = 0; set < 60; ++set) {
    std::vector<double> u(2 * 500), noise(2 * 500);
    fill_uniform(u.data(),
                 {.stream = {.seed = 9, .variable = 3}, .step = set, .dimensions = u.size()});
    fill_normal(noise.data(),
                {.stream = {.seed = 9, .variable = 4}, .step = set, .dimensions = noise.size()});
    Points points{.dimensions = 2, .codes = noise, .log_variances = {}, .factors = {}};
    for (std::size_t k = 0; k < 2; ++k) {
      std::vector<double> v(500);
      for (std::size_t n = 0; n < v.size(); ++n) {
        v[n] = std::floor(4 * u[2 * n + k]);
        points.codes[2 * n + k] += v[n];
      }
      points.factors.push_back(make_factor("v", v));
    }
    const EvaluationOptions options{.seed = set};
    const Representation of(points, options, true);
    for (const Measured& metric : measure(own_sections().first(2), of).metrics) {
      if (metric.name == "mig")
        mig.add(metric.score.value), errors_mig.add(metric.score.standard_error);
      if (metric.name == "sap")
        sap.add(metric.score.value), errors_sap.add(metric.score.standard_error);
    }
  }
  // A standard deviation of 60 numbers is known to 9%.
  const auto ratio = [](const RunningMean& errors, const RunningMean& values) {
    return errors.result().mean / (values.result().standard_error * std::sqrt(60.0));
  };
  CHECK_THAT(ratio(errors_mig, mig), Catch::Matchers::WithinAbs(1, 0.35));
  CHECK_THAT(ratio(errors_sap, sap), Catch::Matchers::WithinAbs(1, 0.35));
}

TEST_CASE("disentanglement: all metrics have the same bits for any number of threads") {
  const auto numbers = [](std::size_t threads) {
    set_num_threads(threads);
    const Points points = with_variances(perfect({3, 4, 5}, 1), 0.4);
    std::vector<double> all;
    for (const Dialect like : {Dialect::nelbo, Dialect::disentanglement_lib, Dialect::chen}) {
      for (const Metric& metric :
           evaluate(points, {.like = like, .samples = 50, .seed = 4}).metrics) {
        for (const double number :
             {metric.score.value, metric.score.standard_error, metric.ceiling, metric.floor}) {
          all.push_back(std::isfinite(number) ? number : -1);
        }
      }
    }
    return all;
  };
  const std::size_t before = num_threads();
  const std::vector<double> alone = numbers(1), several = numbers(3);
  set_num_threads(before);
  CHECK(alone.size() > 60);
  CHECK(alone == several);
}
