// A decoder's own rate-distortion curve from one pass, held against the exact one of a linear
// decoder.
#include <algorithm>
#include <cmath>
#include <iostream>
#include <string>

#include "lab/evaluation/annealing/rate_distortion.hpp"
#include "tests/catch.hpp"
#include "tests/lab/annealing_support.hpp"
#include "tests/objectives/linear_vae.hpp"

using namespace nelbo;
using namespace nelbo::annealing;
using namespace nelbo::tests;

namespace {

constexpr double pi = 3.14159265358979323846;

/// log Z_beta(x) of d = sum_i (x_i - W z - b)_i^2 c_i under the world's prior, [N], where c_i is 1,
/// or 1 / (2 v_i) for d = -log P(x|z) - 1/2 sum log(2 pi v_i): exp(-beta d) is a normal density of
/// variance 1 / (2 beta c_i) but for its normaliser.
std::vector<double> log_z(const LinearGaussian& world, const Tensor& x, double beta, bool nell) {
  LinearGaussianParameters p = world.parameters();
  const std::int64_t X = world.data_dimensions();
  Tensor variance({X}, DType::f64);
  double normaliser = 0;
  for (std::int64_t i = 0; i < X; ++i) {
    const double v = p.dec_var.at({i}), c = nell ? 1 / (2 * v) : 1;
    variance.set({i}, 1 / (2 * beta * c));
    normaliser += std::log(2 * pi * variance.at({i})) / 2;
    if (nell) normaliser -= beta * std::log(2 * pi * v) / 2;
  }
  p.dec_var = variance;
  std::vector<double> all = LinearGaussian(p).log_evidence(x.cast(DType::f64));
  for (double& value : all) value += normaliser;
  return all;
}

struct ExactPoint {
  std::vector<double> log_z, distortion;
};

/// With E d = -d log Z / d beta by a central difference.
ExactPoint exact_point(const LinearGaussian& world, const Tensor& x, double beta, bool nell) {
  const double h = 1e-4 * beta;
  const std::vector<double> above = log_z(world, x, beta + h, nell),
                            below = log_z(world, x, beta - h, nell);
  ExactPoint point{log_z(world, x, beta, nell), {}};
  for (std::size_t n = 0; n < above.size(); ++n) {
    point.distortion.push_back((below[n] - above[n]) / (2 * h));
  }
  return point;
}

/// Reads the curve and holds each point against the exact one of the same data, datum by datum.
void check_curve(const Model& model, const LinearGaussian& world, const Tensor& x,
                 const AnnealingPlan& plan, bool nell) {
  const std::vector<std::size_t> points = curve_points(std::int64_t(plan.betas.size()) - 1, 20);
  Readings readings = curve_readings(points.size());
  REQUIRE(read_curve(model, data_of({x, {}}), plan, points, readings, unwatched));
  const std::vector<RatePoint> curve = rate_distortion(readings, plan, points);
  REQUIRE(curve.size() == 20);
  double largest_z = 0;
  for (std::size_t k = 0; k < 20; ++k) {
    const double beta = curve[k].beta;
    const ExactPoint exact = exact_point(world, x, beta, nell);
    const std::string number = std::to_string(k + 1);
    const std::vector<double> log_z = readings.column("log_z_" + number),
                              distortion = readings.column("distortion_" + number);
    RunningMean rate_off, distortion_off, exact_rate, exact_distortion;
    for (std::size_t n = 0; n < log_z.size(); ++n) {
      const double d = exact.distortion[n];
      exact_rate.add(-exact.log_z[n] - beta * d);
      exact_distortion.add(d);
      rate_off.add(-log_z[n] - beta * distortion[n] + exact.log_z[n] + beta * d);
      distortion_off.add(distortion[n] - d);
    }
    const auto rate = rate_off.result(), off = distortion_off.result();
    CAPTURE(beta, rate.mean, rate.standard_error, off.mean, off.standard_error);
    largest_z = std::max({largest_z, std::abs(rate.mean / rate.standard_error),
                          std::abs(off.mean / off.standard_error)});
    CHECK(std::abs(rate.mean) < 0.05);
    CHECK(std::abs(off.mean) < 0.06 * exact_distortion.result().mean);
    CHECK(curve[k].rate.mean == Approx(exact_rate.result().mean + rate.mean));
    CHECK(curve[k].distortion.mean == Approx(exact_distortion.result().mean + off.mean));
    if (k % 5 == 4) {
      std::cout << "    beta " << beta << ": D " << curve[k].distortion.mean << ", exact "
                << exact_distortion.result().mean << "; R " << curve[k].rate.mean << ", exact "
                << exact_rate.result().mean << "\n";
    }
  }
  std::cout << "    largest |z| of 40: " << largest_z << "\n";
  CHECK(largest_z < 4);
}

}  // namespace

TEST_CASE("rate-distortion: points of the curve are spread over the temperatures") {
  CHECK(curve_points(10, 5) == std::vector<std::size_t>{2, 4, 6, 8, 10});
  CHECK(curve_points(3, 50) == std::vector<std::size_t>{1, 2, 3});
  CHECK(curve_points(1000, 50).size() == 50);
}

TEST_CASE("rate-distortion: one pass gives the linear decoder's exact curve of -log P(x|z)") {
  const AnnealedWorld of;
  check_curve(of.model, of.world(), of.data(128), of.plan(Path::from_prior, 1000, 10), true);
}

TEST_CASE("rate-distortion: and of the squared error of E[X|z]") {
  LinearVae vae(2, DType::f32);
  LinearGaussianParameters p = golden_linear_gaussian().parameters();
  vae.set_square("decoder.output.weight", [&](int i, int j) { return p.dec_weight.at({j, i}); });
  p.prior_cov = Tensor::of({1, 0, 0, 1}, {2, 2}, DType::f64);
  p.dec_bias = Tensor({2}, DType::f64);
  const AnnealedWorld of((LinearGaussian(p)));
  check_curve(*vae.model, of.world(), of.data(128), of.plan(Path::squared_error, 1000, 20), false);
}
