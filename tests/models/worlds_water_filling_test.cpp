// Reverse water-filling against known numbers and against the closed forms of the VAE that attains
// it.
#include <cmath>

#include "autodiff/error.hpp"
#include "models/worlds/dense.hpp"
#include "models/worlds/water_filling.hpp"
#include "tests/catch.hpp"

using namespace nelbo;

TEST_CASE("The golden water-filling curve") {
  const WaterFilling world = golden_water_filling();
  struct Point {
    double beta, rate, nell;
    int active;
  };
  for (const Point& p :
       {Point{0.25, 2.7725887222, 3.1318155996, 3}, Point{1, 1.0397207708, 4.0068155996, 2},
        Point{3, 0.1438410362, 5.5068155996, 1}}) {
    CAPTURE(p.beta);
    CHECK(std::fabs(world.rate(p.beta) - p.rate) < 1e-10);
    CHECK(std::fabs(world.nell(p.beta) - p.nell) < 1e-10);
    CHECK(world.active_units(p.beta) == p.active);
  }
  CHECK(std::fabs(world.rate(1) + world.nell(1) - 5.0465363705) < 1e-10);
}

TEST_CASE("The optimal linear VAE attains the curve with P_enc(Z) = P0") {
  const WaterFilling world = golden_water_filling();
  for (double beta : {0.1, 0.25, 0.5, 1.0, 3.0, 10.0}) {
    CAPTURE(beta);
    const ExactTerms t = world.optimal_vae(beta).exact();
    CHECK(t.div == Approx(world.rate(beta)).margin(1e-12));
    CHECK(t.nell == Approx(world.nell(beta)).margin(1e-12));
    for (double none : {t.aggdiv, t.tc, t.dwkl, t.pf}) CHECK(none == Approx(0).margin(1e-12));
  }
  // At beta = 1 this is probabilistic PCA at its maximum likelihood: no gap.
  CHECK(world.optimal_vae(1).exact().gap == Approx(0).margin(1e-12));
}

TEST_CASE("No linear VAE goes below the curve, and its slope is -beta") {
  const WaterFilling world = golden_water_filling();
  for (double beta : {0.25, 1.0, 3.0}) {
    const double best = world.nell(beta) + beta * world.rate(beta);
    const LinearGaussianParameters optimum = world.optimal_vae(beta).parameters();
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
      // Half of the rivals are random, half are near the optimum.
      Tensor noise({5, 9}, DType::f64);
      fill_normal(noise.data_as<double>(), {.stream = {.seed = seed}, .dimensions = 45});
      using namespace dense;
      const double step = seed % 2 == 0 ? 1 : 0.01, start = seed % 2 == 0 ? 0 : 1;
      const auto piece = [&](int row, std::int64_t n) {
        return step * noise.slice(0, row, row + 1).reshape({9}).slice(0, 0, n).contiguous();
      };
      Tensor variances = piece(4, 3);
      for (int i = 0; i < 3; ++i) {
        const double from = start == 0 ? 0.5 : optimum.enc_var.at({i});
        variances.set({i}, from * std::exp(variances.at({i})));
      }
      const LinearGaussian rival = world.linear_vae(
          start * optimum.enc_weight + piece(0, 9).reshape({3, 3}), piece(1, 3), variances,
          start * optimum.dec_weight + piece(2, 9).reshape({3, 3}), piece(3, 3));
      const ExactTerms t = rival.exact();
      CAPTURE(beta, seed);
      CHECK(t.nell + beta * t.div > best - 1e-12);
    }
    const double h = 1e-5;
    CHECK((world.nell(beta + h) - world.nell(beta - h)) /
              (world.rate(beta + h) - world.rate(beta - h)) ==
          Approx(-beta).epsilon(1e-6));
  }
}

TEST_CASE("Water-filling refuses what is not a positive number") {
  CHECK_THROWS_AS(WaterFilling({}), Error);
  CHECK_THROWS_AS(WaterFilling({1, 0}), Error);
  CHECK_THROWS_AS(WaterFilling({1, NAN}), Error);
  CHECK_THROWS_AS(golden_water_filling().rate(0), Error);
  CHECK_THROWS_AS(golden_water_filling().nell(NAN), Error);
  CHECK_THROWS_AS(golden_water_filling().optimal_vae(-1), Error);
}
