// Statistics of a gradient-variance study on numbers whose mean, variance and signal are known.
#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include "autodiff/error.hpp"
#include "autodiff/threads.hpp"
#include "lab/statistics/moments.hpp"
#include "lab/statistics/projection.hpp"
#include "lab/statistics/summary.hpp"
#include "tests/catch.hpp"
#include "tests/lab/gradvar_normals.hpp"

using namespace nelbo;
using namespace nelbo::gradvar;
using namespace nelbo::tests;

namespace {

std::vector<float> floats(std::size_t n, double offset, std::uint64_t seed) {
  Normals normals(seed);
  std::vector<float> all(n);
  for (std::size_t i = 0; i < n; ++i) all[i] = float(offset * double(i % 7) + normals());
  return all;
}

std::vector<double> numbers(const GradientMoments& moments) {
  std::vector<double> all(moments.mean().begin(), moments.mean().end());
  all.insert(all.end(), moments.squares().begin(), moments.squares().end());
  return all;
}

}  // namespace

TEST_CASE("gradvar: streamed and merged moments are those of two passes in long double") {
  const std::size_t parameters = 1500,
                    rows = 301;  // more than one tile, not a whole number of them
  const std::vector<float> g = floats(rows * parameters, 1e3, 1);  // means up to 6000, sd 1
  GradientMoments streamed(parameters), merged(parameters), batch(parameters), tiled(parameters);
  tiled.add(g);
  const std::size_t ends[] = {1, 3, 50, 180, rows};
  std::size_t r = 0;
  for (const std::size_t end : ends) {
    batch.clear();
    for (; r < end; ++r) {
      const auto row = std::span(g).subspan(r * parameters, parameters);
      streamed.add(row);
      batch.add(row);
    }
    merged.merge(batch);
  }
  CHECK(streamed.count() == rows);
  CHECK(merged.count() == rows);
  CHECK(numbers(tiled) == numbers(streamed));  // the same bits
  double worst_mean = 0, worst_streamed = 0, worst_merged = 0;
  for (std::size_t j = 0; j < parameters; ++j) {
    long double mean = 0, squares = 0;
    for (std::size_t i = 0; i < rows; ++i) mean += g[i * parameters + j] / (long double)(rows);
    for (std::size_t i = 0; i < rows; ++i) {
      squares += (g[i * parameters + j] - mean) * (g[i * parameters + j] - mean);
    }
    const auto relative = [](double a, long double b) { return std::abs(double(a / b - 1)); };
    if (std::abs(mean) > 1) {
      worst_mean = std::max(
          {worst_mean, relative(streamed.mean()[j], mean), relative(merged.mean()[j], mean)});
    }
    worst_streamed = std::max(worst_streamed, relative(streamed.squares()[j], squares));
    worst_merged = std::max(worst_merged, relative(merged.squares()[j], squares));
  }
  CHECK(worst_mean < 1e-15 * rows);
  CHECK(worst_streamed < 1e-12);
  CHECK(worst_merged < 1e-12);
}

TEST_CASE("gradvar: moments of fixed batches do not depend on threads") {
  const std::size_t parameters = 333, rows = 40, batches = 8;
  const std::vector<float> g = floats(batches * rows * parameters, 1, 2);
  const auto run = [&](std::size_t threads) {
    set_num_threads(threads);
    std::vector<GradientMoments> each(batches, GradientMoments(parameters));
    parallel_for(batches, [&](std::size_t b) {
      each[b].add(std::span(g).subspan(b * rows * parameters, rows * parameters));
    });
    GradientMoments all(parameters);
    for (const GradientMoments& batch : each) all.merge(batch);
    return numbers(all);
  };
  const std::vector<double> one = run(1);
  CHECK(run(4) == one);
  set_num_threads(2);
  // float and double gradients of the same values
  const std::vector<double> wide(g.begin(), g.end());
  GradientMoments from_float(parameters), from_double(parameters);
  from_float.add(g);
  from_double.add(wide);
  CHECK(numbers(from_float) == numbers(from_double));
}

TEST_CASE("gradvar: moments of another size are refused, and nothing merges into nothing") {
  GradientMoments three(3), four(4), empty(3);
  const std::vector<double> g{1, 2, 3};
  three.add(g);
  CHECK_THROWS_WITH(four.add(g), contains("3 numbers are no gradients of 4 parameters"));
  CHECK_THROWS_WITH(three.merge(four), contains("3 parameters and of 4"));
  CHECK_THROWS_WITH(group_scalars(three, {{0, 3}}), contains("take at least 2"));
  const std::vector<double> before = numbers(three);
  three.merge(empty);
  CHECK(numbers(three) == before);
  empty.merge(three);
  CHECK(numbers(empty) == before);
  CHECK(empty.count() == 1);
  empty.clear();
  CHECK(numbers(empty) == std::vector<double>(6, 0.0));
  CHECK(empty.count() == 0);
}

TEST_CASE("gradvar: projections on a group's direction, and its norms") {
  const std::size_t parameters = 5000;
  const Ranges ranges{{3, 1}, {10, 2717}, {4000, 13}};
  const std::vector<float> g = floats(parameters, 0.3, 4);
  const std::vector<float> v32 = floats(parameters, 0.1, 5);
  const std::vector<double> v(v32.begin(), v32.end()), wide(g.begin(), g.end());
  long double gv = 0, vv = 0, gg = 0;
  for (const Range& range : ranges) {
    for (std::size_t j = range.offset; j < range.offset + range.length; ++j) {
      gv += (long double)(g[j]) * v[j];
      vv += (long double)(v[j]) * v[j];
      gg += (long double)(g[j]) * g[j];
    }
  }
  const Projection projection(v, ranges);
  CHECK(projection.defined());
  const double along = double(gv / std::sqrt(vv));
  CHECK(projection.along(g) == Approx(along).epsilon(1e-13));
  CHECK(projection.along(wide) == projection.along(g));
  GradientMoments moments(parameters);
  moments.add(v);
  const HeldMoments held(moments, {});
  CHECK(held.sums(g, ranges, 0).along == Approx(double(gv)).epsilon(1e-13));
  CHECK(held.sums(g, ranges, 0).squared_norm == Approx(double(gg)).epsilon(1e-13));
  CHECK(held.sums(wide, ranges, 0).squared_norm == held.sums(g, ranges, 0).squared_norm);
  CHECK(squared_norm(wide, ranges) == Approx(double(gg)).epsilon(1e-13));
  CHECK(dot(wide, v, ranges) == Approx(double(gv)).epsilon(1e-12));
  const Projection none(std::vector<double>(parameters, 0.0), ranges);
  CHECK_FALSE(none.defined());
  CHECK(none.along(g) == 0);
}

TEST_CASE("statistics: a running mean is that of two passes, and parts add up to the whole") {
  Normals normals(3);
  RunningMean whole, joined, part, none;
  std::vector<double> all;
  for (int i = 0; i < 1000; ++i) {
    all.push_back(1e6 + normals());  // the squares would cancel
    whole.add(all.back());
    part.add(all.back());
    if (i % 300 != 299) continue;
    joined.add(part);
    part = {};
  }
  joined.add(part);
  joined.add(none);
  double mean = 0, squares = 0;
  for (const double x : all) mean += x / 1000;
  for (const double x : all) squares += (x - mean) * (x - mean);
  for (const RunningMean& found : {whole, joined}) {
    CHECK(found.count() == 1000);
    CHECK(found.variance() == Approx(squares / 1000).epsilon(1e-9));
    CHECK(found.result().mean == Approx(mean).epsilon(1e-14));
    CHECK(found.result().standard_error == Approx(std::sqrt(squares / 999 / 1000)).epsilon(1e-9));
  }
  RunningMean one;
  one.add(7);
  CHECK(one.result().mean == 7);
  CHECK(std::isnan(one.result().standard_error));
}

TEST_CASE("gradvar: squared norm, variance and SNR of simulated normals are unbiased") {
  // The third parameter is no part of the group, the last never varies.
  const std::vector<double> mean{0.1, -0.2, 50, 0, 0.5, 0.25}, sd{1, 2, 9, 1, 0.5, 0};
  const Ranges ranges{{0, 2}, {3, 3}};
  const double R = 40;
  Normals normals(7);
  RunningMean squared_norm, variance, squared_snr, naive;
  for (int repeat = 0; repeat < 20000; ++repeat) {
    GradientMoments moments(mean.size());
    moments.add(normals.gradients(std::size_t(R), mean, sd));
    const GroupScalars of = group_scalars(moments, ranges);
    squared_norm.add(of.squared_norm);
    variance.add(of.variance);
    squared_snr.add(of.squared_snr);
    naive.add(of.squared_snr + 1 / R);
    REQUIRE(of.squared_snr_norm == Approx(of.squared_norm / of.variance).epsilon(1e-14));
  }
  // E 1/v = (R - 1) / (R - 3) / sd^2 for normals, and m and v are independent.
  double expected_snr = 0, expected_norm = 0.25 * 0.25;
  for (const std::size_t j : {0, 1, 3, 4}) {
    const double ratio = mean[j] / sd[j];
    expected_snr += ((ratio * ratio + 1 / R) * (R - 1) / (R - 3) - 1 / R) / 4;
    expected_norm += mean[j] * mean[j];
  }
  CHECK(std::abs(z_score(squared_norm, expected_norm)) < 4);
  CHECK(std::abs(z_score(variance, 1 + 4 + 1 + 0.25)) < 4);
  CHECK(std::abs(z_score(squared_snr, expected_snr)) < 4);
  CHECK(z_score(naive, expected_snr) > 20);  // the floor that debiasing takes away
}

TEST_CASE("gradvar: what has no variance or no signal") {
  GradientMoments constant(2);
  constant.add(std::vector<double>{3, 4, 3, 4, 3, 4});
  const GroupScalars of = group_scalars(constant, {{0, 2}}, &constant);
  CHECK(of.squared_norm == 25);
  CHECK(of.variance == 0);
  CHECK(std::isnan(of.squared_snr));
  CHECK(std::isnan(of.squared_snr_norm));
  CHECK(of.cosine == Approx(1).epsilon(1e-15));
  CHECK(std::isnan(group_scalars(constant, {{0, 2}}).cosine));
  const GroupStatistics found =
      SimulatedStudy(std::vector<double>{3, 4, 3, 4, 3, 4, 3, 4}, 2).found();
  CHECK(found.mean_norm.mean == 5);
  CHECK(std::isnan(found.mean_norm.standard_error));  // two replicates in a half
  CHECK(std::isnan(found.snr.mean));

  const GroupStatistics nothing =
      SimulatedStudy(std::vector<double>{1, -1, 1, -1, 1, -1, 1, -1}, 1).found();
  CHECK(nothing.snr.mean == 0);
  CHECK(nothing.mean_norm.mean == 0);
  CHECK(nothing.snr_floor == Approx(std::sqrt(1.0 / 8)).epsilon(1e-15));
}

TEST_CASE("gradvar: the IWAE toy of Rainforth et al. (2018) at m = 4") {
  // D = 20, delta = 0.1 and (x - mu) / 2 = 1 in all coordinates, q's covariance 2/3. Log-weights
  // and gradients are written out; a separate simulation with numpy gave the numbers per
  // coordinate.
  const std::size_t D = 20, m = 4, replicates = 32000;
  const double delta = 0.1, s = std::sqrt(2.0 / 3);
  Normals normals(23);
  std::vector<double> reparam, dreg, theta;
  std::vector<double> noise(m * D), w(m), g(3 * D);
  for (std::size_t r = 0; r < replicates; ++r) {
    double total = 0;
    for (std::size_t k = 0; k < m; ++k) {
      double log_weight = 0;
      for (std::size_t d = 0; d < D; ++d) {
        const double e = noise[k * D + d] = normals();
        log_weight -= 2 * s * delta * e + e * e / 6;
      }
      total += w[k] = std::exp(log_weight);
    }
    std::fill(g.begin(), g.end(), 0.0);
    for (std::size_t k = 0; k < m; ++k) {
      for (std::size_t d = 0; d < D; ++d) {
        const double e = noise[k * D + d], share = w[k] / total;
        g[d] += share * (-2 * delta - 2 * s * e);
        g[D + d] += share * share * (-2 * delta + (1 / s - 2 * s) * e);
        g[2 * D + d] += share * (1 + delta + s * e);
      }
    }
    reparam.insert(reparam.end(), g.begin(), g.begin() + D);
    dreg.insert(dreg.end(), g.begin() + D, g.begin() + 2 * D);
    theta.insert(theta.end(), g.begin() + 2 * D, g.end());
  }
  struct Expected {
    const std::vector<double>& of;
    double mean, variance, snr, digits;  // the last digit known of each, relative
  };
  for (const Expected& expected :
       {Expected{reparam, 0.0638, 0.851, 0.0691, 2e-3},
        Expected{dreg, 0.0638, 0.01566, 0.508, 2e-3}, Expected{theta, 1.032, 0.2127, 2.24, 2e-3}}) {
    const GroupStatistics found = SimulatedStudy(expected.of, D).found();
    const auto check = [&](const MeanAndError& estimate, double value) {
      CAPTURE(estimate.mean, estimate.standard_error, value);
      CHECK(std::abs(estimate.mean - value) <
            4 * estimate.standard_error + expected.digits * value);
      CHECK(estimate.standard_error < 0.05 * value);
    };
    check(found.mean_norm, expected.mean * std::sqrt(double(D)));
    check(found.variance, expected.variance * double(D));
    check(found.snr, expected.snr);
    check(found.snr_norm, expected.snr);  // all coordinates are alike
  }
}

TEST_CASE("gradvar: directional SNR of normals in closed form") {
  // g = a u + sd e in P = 6 dimensions: |u.g| and |g - (u.g) u| = sd chi_5 are independent.
  const double a = 0.9, sd = 0.7, cross = 5;
  const std::vector<double> u{0.48, -0.64, 0, 0.6, 0, 0};
  std::vector<double> mean(6);
  for (std::size_t j = 0; j < 6; ++j) mean[j] = a * u[j];
  const Projection projection(u, {{0, 6}});
  Normals normals(13);
  DirectionalSnr found(0);
  const std::vector<double> sds(6, sd);
  for (int r = 0; r < 100000; ++r) {
    const std::vector<double> g = normals.gradients(1, mean, sds);
    found.add(DirectionalSnr::ratio(projection.along(g), squared_norm(g, {{0, 6}})), 0, 0);
  }
  const double expected_along =
      sd * std::sqrt(2 / std::numbers::pi) * std::exp(-a * a / (2 * sd * sd)) +
      a * std::erf(a / sd / std::numbers::sqrt2);
  const double expected_inverse =
      std::tgamma((cross - 1) / 2) / (std::numbers::sqrt2 * std::tgamma(cross / 2)) / sd;
  const MeanAndError result = found.result(0);
  CHECK(std::abs(result.mean - expected_along * expected_inverse) / result.standard_error < 4);
  CHECK(result.standard_error < 0.01 * result.mean);

  DirectionalSnr single(0);
  single.add(DirectionalSnr::ratio(-0.3, 0.09), 0, 0);
  single.add(DirectionalSnr::ratio(-0.7, 0.49), 0, 0);
  CHECK(std::isnan(single.result(0).mean));
  CHECK(std::isnan(DirectionalSnr(0).result(0).mean));
}
