// Tests and slopes of a gradient-variance study on numbers whose truth is known.
#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

#include "autodiff/error.hpp"
#include "lab/statistics/student_t.hpp"
#include "lab/statistics/summary.hpp"
#include "lab/studies/slopes.hpp"
#include "tests/catch.hpp"
#include "tests/lab/gradvar_normals.hpp"

using namespace nelbo;
using namespace nelbo::gradvar;
using namespace nelbo::tests;

TEST_CASE("gradvar: Student's tail") {
  struct Point {
    double t, freedom, p;
  };
  // mpmath 1.3 with 40 digits; scipy 1.15's 2 * t.sf agrees
  const std::vector<Point> points{
      {0.5, 1, 0.70483276469913345165},        {1, 1, 0.5},
      {12.7, 1, 0.050024327689344160055},      {1e6, 1, 6.3661977236736913648e-7},
      {0.1, 2, 0.92946543841414016922},        {3, 3, 0.057668885622437308578},
      {2.0452, 29, 0.050003107137746637004},   {-8, 31, 4.940263701903379558e-9},
      {0.001, 31, 0.999208523146496485},       {0.3, 10, 0.77032060756579861281},
      {5, 99, 2.4813960130409478239e-6},       {20, 99, 1.5064448594601807613e-36},
      {1.96, 999, 0.050273462733810046148},    {4, 9999, 0.00006379871456258758497},
      {-4, 99999, 0.000063387998012454955247}, {1e-6, 99999, 0.99999920211743392612},
      {6, 1e7, 1.9732427333677835118e-9},      {0.7, 1e7, 0.48392732073018837367},
      {200, 50, 2.8822500465573920405e-74},    {1.5, 41, 0.14127622897723976163},
      {1.5, 39, 0.14166704294689667029}};
  for (const Point& point : points) {
    CAPTURE(point.t, point.freedom);
    const double allowed = point.freedom > 1e6 ? 1e-10 : 1e-12;
    CHECK(std::abs(student_t_two_sided(point.t, point.freedom) / point.p - 1) < allowed);
  }
  CHECK(student_t_two_sided(0, 5) == 1);
  CHECK(student_t_two_sided(INFINITY, 5) == 0);
  CHECK(std::isnan(student_t_two_sided(NAN, 5)));
}

TEST_CASE("gradvar: the bias test rejects 5 % where there is no bias, and finds one") {
  Normals normals(17);
  const int studies = 4000, replicates = 12;  // few: the normal would reject 7.6 %
  int rejected = 0;
  for (int study = 0; study < studies; ++study) {
    BiasTest test;
    for (int r = 0; r < replicates; ++r) test.add(3 * normals());
    rejected += test.result().p < 0.05;
  }
  const double z = (rejected - 0.05 * studies) / std::sqrt(0.05 * 0.95 * studies);
  CAPTURE(rejected);
  CHECK(std::abs(z) < 4);

  BiasTest biased;
  for (int r = 0; r < 10000; ++r) biased.add(-0.1 + normals());
  CHECK(biased.result().t == Approx(-10).margin(4));
  CHECK(biased.result().p < 1e-8);

  BiasTest equal, apart, single;
  single.add(1);
  for (int r = 0; r < 3; ++r) {
    equal.add(0);
    apart.add(0.5);
  }
  CHECK(equal.result().t == 0);
  CHECK(equal.result().p == 1);
  CHECK(std::isinf(apart.result().t));
  CHECK(apart.result().p == 0);
  CHECK(std::isnan(single.result().t));
  CHECK(std::isnan(single.result().p));
}

TEST_CASE("gradvar: gradients that differ by rounding alone have no bias") {
  // Of length 5 by its mean and deviations: sqrt((9 + 15) + 1).
  GradientMoments moments(3);
  const double one[] = {1e3, 3, std::sqrt(15) + 1}, other[] = {-1e3, 3, std::sqrt(15) - 1};
  moments.add(std::span<const double>(one));
  moments.add(std::span<const double>(other));
  const double rounding = rounding_of(moments, {{1, 2}});
  CHECK(rounding == Approx(5 * 8 * std::ldexp(1, -23)).epsilon(1e-12));

  Normals normals(3);
  BiasTest last_bits(rounding), unaware, biased(rounding);
  for (int r = 0; r < 2500; ++r) {
    const double difference = 1e-7 * (1 + normals());
    last_bits.add(difference);
    unaware.add(difference);
    biased.add(100 * difference);
  }
  CHECK(last_bits.result().t == 0);
  CHECK(last_bits.result().p == 1);
  CHECK(unaware.result().t == Approx(50).margin(5));  // sqrt(2500), with z < 4
  CHECK(biased.result().t == Approx(50).margin(5));
}

TEST_CASE("gradvar: a slope is recovered, and its interval holds it 95 times in 100") {
  const double slope = -0.5;
  const std::vector<double> m{16, 64, 256}, error{0.02, 0.05, 0.1};  // of log snr
  const auto points = [&](const auto& noise) {
    std::vector<SlopePoint> all;
    for (std::size_t i = 0; i < m.size(); ++i) {
      const double snr = 0.3 * std::pow(m[i], slope) * std::exp(error[i] * noise());
      all.push_back({m[i], {snr, error[i] * snr}, 0.001, 1});
    }
    return all;
  };
  const std::optional<SlopeFit> exact = fit_slope(points([] { return 0.0; }));
  REQUIRE(exact);
  CHECK(exact->slope == Approx(slope).epsilon(1e-12));
  CHECK(exact->points == 3);
  CHECK(exact->high - exact->low == Approx(2 * 1.959963984540054 * exact->se).epsilon(1e-12));
  // (error_1, error_3) of points a log m apart of log 16: the middle one has no leverage.
  CHECK(exact->se == Approx(std::hypot(0.02, 0.1) / std::log(16)).epsilon(1e-12));

  Normals normals(19);
  RunningMean found;
  int covered = 0;
  const int fits = 5000;
  for (int i = 0; i < fits; ++i) {
    const SlopeFit fit = *fit_slope(points([&] { return normals(); }));
    found.add(fit.slope);
    covered += fit.low <= slope && slope <= fit.high;
  }
  CHECK(std::abs(z_score(found, slope)) < 4);
  CHECK(found.result().standard_error * std::sqrt(double(fits)) == Approx(exact->se).epsilon(0.04));
  CHECK(std::abs(covered - 0.95 * fits) / std::sqrt(0.95 * 0.05 * fits) < 4);
}

TEST_CASE("gradvar: how well points are known does not move the line through a curve") {
  const auto fit = [](double last_error) {
    return fit_slope(std::vector<SlopePoint>{{1, {0.49, 0.01}, 1e-3, 1},
                                             {4, {0.51, 0.01}, 1e-3, 1},
                                             {16, {0.69, 0.01}, 1e-3, 1},
                                             {64, {1.20, last_error}, 1e-3, 1}})
        ->slope;
  };
  CHECK(fit(0.01) == fit(0.1));
}

TEST_CASE("gradvar: slopes leave out what is below the floor or not known") {
  const SlopePoint a{1, {0.4, 0.01}, 0.01, 1}, b{4, {0.2, 0.01}, 0.01, 1};
  CHECK(fit_slope(std::vector{a, b})->slope == Approx(-0.5).epsilon(1e-12));
  const SlopePoint below{16, {0.009, 0.001}, 0.01, 1}, unknown{16, not_estimated, 0.01, 1},
      zero{16, {0, 0.1}, 0.01, 1};
  for (const SlopePoint& bad : {below, unknown, zero}) {
    const std::optional<SlopeFit> fit = fit_slope(std::vector{a, bad, b});
    CHECK(fit->slope == Approx(-0.5).epsilon(1e-12));
    CHECK(fit->points == 2);
    CHECK_FALSE(fit_slope(std::vector{a, bad}));
  }
  // Of a point without an error the slope is known, and its error not.
  const std::optional<SlopeFit> fit = fit_slope(std::vector{a, {16, {0.1, NAN}, 0.01, 1}});
  REQUIRE(fit);
  CHECK(fit->slope == Approx(-0.5).epsilon(1e-12));
  CHECK(std::isnan(fit->se));
  CHECK(std::isnan(fit->low));
  CHECK_FALSE(fit_slope({}));
  CHECK_FALSE(fit_slope(std::vector{a, a}));
  // Two lines with one slope; a third stratum with one point says nothing.
  const SlopePoint c{1, {8, 0.1}, 0.01, 2}, d{4, {4, 0.1}, 0.01, 2}, e{4, {1, 0.1}, 0.01, 3};
  CHECK(fit_slope(std::vector{a, b, c, d, e})->slope == Approx(-0.5).epsilon(1e-12));
}

TEST_CASE("gradvar: slopes of a study's rows, over m and over k") {
  std::vector<Row> rows;
  for (const char* estimator : {"reparam", "dreg", "vimco"}) {
    for (const std::int64_t k : {1, 2}) {
      for (const std::int64_t m : {4, 16, 64}) {
        Row row{.bound = "iw", .estimator = estimator, .m = m, .k = k, .group = "phi"};
        const double power = row.estimator == "dreg" ? 0.5 : -0.5;
        const double snr = std::pow(double(m), power) * std::sqrt(double(k));
        row.snr = {snr, 0.01 * snr};
        row.snr_floor = 1e-3;
        if (row.estimator == "vimco") row.undefined = "why not";
        rows.push_back(row);
      }
    }
  }
  const std::vector<Slope> slopes = slopes_of(rows);
  REQUIRE(slopes.size() == 4);
  for (std::size_t i = 0; i < 4; ++i) {
    const Slope& slope = slopes[i];
    CHECK(slope.estimator == (i < 2 ? "reparam" : "dreg"));
    CHECK(slope.axis == (i % 2 == 0 ? Axis::m : Axis::k));
    CHECK(slope.slope ==
          Approx(slope.axis == Axis::k || slope.estimator == "dreg" ? 0.5 : -0.5).epsilon(1e-9));
    CHECK(slope.points == 6);
    CHECK_FALSE(slope.theory);
  }
}
