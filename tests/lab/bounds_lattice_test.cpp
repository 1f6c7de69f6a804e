// The diagram of Zheng eqs (39)-(40) on the linear-Gaussian golden instance at a fixed x.
#include <cmath>
#include <iomanip>
#include <iostream>

#include "lab/statistics/importance_diagnostics.hpp"
#include "tests/catch.hpp"
#include "tests/objectives/bounds_support.hpp"
#include "tests/objectives/linear_gaussian.hpp"

using namespace nelbo;
using namespace nelbo::bounds;
using namespace nelbo::tests;

namespace {

struct Mean {
  double count = 0, sum = 0, squares = 0;
  void add(double x) {
    count += 1;
    sum += x;
    squares += x * x;
  }
  double value() const { return sum / count; }
  double variance() const { return (squares - sum * sum / count) / (count - 1); }
  double error() const { return std::sqrt(variance() / count); }
};

double z_score(const char* what, std::int64_t m, const Mean& mean, double exact) {
  const double z = (mean.value() - exact) / mean.error();
  std::cout << "    " << what << " m = " << m << ": " << std::setprecision(6) << mean.value()
            << " +- " << mean.error() << ", exact " << exact << ", z = " << std::setprecision(3)
            << z << "\n";
  return z;
}

constexpr std::int64_t draws = 32, repetitions = 40'000;

}  // namespace

TEST_CASE("bounds: the golden instance's weights and moments are what they should be") {
  const LinearGaussian world({0.6, 0.6});
  CHECK(world.moment(0) == Approx(1).epsilon(1e-12));
  CHECK(world.moment(1) == Approx(1).epsilon(1e-12));
  CHECK(world.moment(2) == Approx(1.2915329517646252).epsilon(1e-12));  // numpy, the same integral
  CHECK(world.has_moment(4));
  CHECK_FALSE(LinearGaussian({0.3, 0.2}).has_moment(2));
  Mean r, r2, elbo_gap;
  for (const double f : world.log_weights(400'000, 0)) {
    r.add(std::exp(f - world.log_px));
    r2.add(std::exp(2 * (f - world.log_px)));
    elbo_gap.add(world.log_px - f);
  }
  CHECK(std::abs(z_score("E r", 1, r, 1)) < 4);
  CHECK(std::abs(z_score("E r^2", 1, r2, world.moment(2))) < 4);
  CHECK(std::abs(z_score("ELBO gap", 1, elbo_gap, world.elbo_gap())) < 4);
}

TEST_CASE("bounds: IW_m rises with m and its gap comes to chi^2 / 2m on the golden instance") {
  const LinearGaussian world({0.6, 0.6});
  const double chi2 = world.moment(2) - 1;
  const double mu3 = world.moment(3) - 3 * world.moment(2) + 2;
  Mean mean_step[6], gap_of_32, jackknife_gap, miwae_gap, single_gap;
  for (std::uint32_t i = 0; i < repetitions; ++i) {
    const std::vector<double> f = world.log_weights(draws, i);
    // MC_{32/m}-IW_m of the same draws, m = 1, 2, 4 .. 32.
    double before = 0;
    for (int step = 0; step < 6; ++step) {
      const std::int64_t m = std::int64_t{1} << step;
      const double value = miwae(draws / m, m)(f);
      if (step > 0) mean_step[step].add(value - before);
      before = value;
    }
    // E (mean r - 1) = 0 is taken away as control variate: what is left is of second order.
    const double control = std::expm1(before - world.log_px);
    gap_of_32.add(world.log_px - before + control);
    jackknife_gap.add(world.log_px - jackknife(draws)(f) + control);
    miwae_gap.add(world.log_px - miwae(8, 4)(f));
    single_gap.add(world.log_px - iw(4)({f.data(), 4}));
  }
  for (int step = 1; step < 6; ++step) {
    CHECK(z_score("IW_m - IW_m/2,", std::int64_t{1} << step, mean_step[step], 0) > 4);
  }
  // Nowozin (2018): chi^2 / 2m - (mu3 / 3 - 3 chi^4 / 4) / m^2 + O(m^-3).
  const double m = double(draws);
  const double gap = chi2 / (2 * m) - (mu3 / 3 - 0.75 * chi2 * chi2) / (m * m);
  CHECK(std::abs(z_score("log p(x) - IW_m,", draws, gap_of_32, gap)) < 4);
  CHECK(gap_of_32.value() * 2 * m / chi2 == Approx(1).epsilon(0.05));
  CHECK(std::abs(jackknife_gap.value()) < 0.1 * gap_of_32.value());
  // MC_8-IW_4 has the mean of IW_4 and an eighth of its variance.
  const double difference = miwae_gap.value() - single_gap.value();
  CHECK(std::abs(difference) < 4 * std::hypot(miwae_gap.error(), single_gap.error()));
  CHECK(single_gap.variance() / miwae_gap.variance() == Approx(8).epsilon(0.1));
}

TEST_CASE("bounds: k-hat warns where the variance of the weights is infinite, and only there") {
  // E r^k is finite up to k = 1 / (1 - lambda), lambda the least eigenvalue of S P: tail shapes
  // 0.085 and 0.654.
  const auto mean_khat = [](const Vector2& encoder_variance) {
    const LinearGaussian world(encoder_variance);
    Mean khat;
    for (std::uint32_t i = 0; i < 40; ++i) {
      ImportanceWeights weights(4000);
      for (const double f : world.log_weights(4000, i)) weights.add(f);
      khat.add(weights.pareto_k());
    }
    return khat;
  };
  const Mean light = mean_khat({0.6, 0.6}), heavy = mean_khat({0.3, 0.2});
  CHECK(z_score("k-hat (0.6, 0.6) - 1/2,", 4000, light, pareto_k_of_infinite_variance) < -4);
  CHECK(z_score("k-hat (0.3, 0.2) - 1/2,", 4000, heavy, pareto_k_of_infinite_variance) > 4);
}
