// The discrete world: identities of its sums, and the exact expectation of every mini-batch
// estimate of H_agg, by enumerating all batches and draws.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "autodiff/error.hpp"
#include "models/worlds/discrete.hpp"
#include "tests/catch.hpp"

using namespace nelbo;
using nelbo::tests::contains;

namespace {

/// The weights with which a scheme's density at sample b averages the encoders of the batch, own
/// sample on the diagonal: Zheng eqs (24)-(29), Chen et al. (2018) for mss and mws.
Tensor scheme_weights(const std::string& scheme, std::int64_t B, std::int64_t N) {
  const double b = double(B), n = double(N), m = b - 1;
  Tensor w({B, B}, DType::f64);
  for (std::int64_t i = 0; i < B; ++i) {
    for (std::int64_t j = 0; j < B; ++j) {
      const bool own = i == j, stand_in = j == (i + 1) % B;
      double value = 0;
      if (scheme == "naive") value = 1 / b;
      if (scheme == "loo") value = own ? 0 : 1 / m;
      if (scheme == "strat") value = own ? 1 / n : (n - 1) / (n * m);
      if (scheme == "mss") value = own ? 1 / n : stand_in ? (n - m) / (n * m) : 1 / m;
      if (scheme == "mws") value = 1 / (n * b);
      w.set({i, j}, value);
    }
  }
  return w;
}

double bias(const DiscreteWorld& world, const std::string& scheme, std::int64_t B) {
  return world.expected_hagg(scheme_weights(scheme, B, world.data())) - world.exact().hagg;
}

}  // namespace

TEST_CASE("Identities of the decomposition hold in discrete worlds") {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    CAPTURE(seed);
    const ExactTerms t = random_discrete_world(4, 3, seed).exact();
    CHECK(t.div == Approx(t.mi + t.aggdiv).margin(1e-12));
    CHECK(t.aggdiv == Approx(t.tc + t.dwkl - t.pf).margin(1e-12));
    CHECK(t.mi == Approx(t.hagg - t.hqzx).margin(1e-12));
    CHECK(t.log_px == Approx(t.elbo + t.gap).margin(1e-12));
    CHECK(t.h_data == Approx(std::log(4.0)));
    CHECK(t.mi <= t.h_data);
    CHECK(t.mi <= t.div);
    CHECK(t.mi >= t.mi_lower);  // H_data - Nell <= I_enc, eq. (34)
    for (double not_negative : {t.mi, t.aggdiv, t.tc, t.dwkl, t.gap, t.mi_dec}) {
      CHECK(not_negative >= 0);
    }
  }
}

TEST_CASE("A discrete world worked out by hand") {
  // x in {0, 1}; the encoder copies x to z_1 with probability 3/4 and z_2 is a fair coin: I_enc is
  // ln 2 - H(3/4), TC is 0. Prior uniform; the decoder reads z_1 with probability 3/4 as well.
  const double h = -0.75 * std::log(0.75) - 0.25 * std::log(0.25);
  const auto table = [](std::initializer_list<double> values, const Shape& shape) {
    return Tensor::of(values, shape, DType::f64);
  };
  const DiscreteWorld world(table({0.375, 0.375, 0.125, 0.125, 0.125, 0.125, 0.375, 0.375}, {2, 4}),
                            table({0.25, 0.25, 0.25, 0.25}, {4}),
                            table({0.75, 0.25, 0.75, 0.25, 0.25, 0.75, 0.25, 0.75}, {4, 2}));
  const ExactTerms t = world.exact();
  CHECK(t.mi == Approx(std::log(2.0) - h).epsilon(1e-12));
  CHECK(t.div == Approx(std::log(2.0) - h).epsilon(1e-12));
  CHECK(t.mi_dec == Approx(std::log(2.0) - h).epsilon(1e-12));
  CHECK(t.nell == Approx(h).epsilon(1e-12));
  CHECK(t.hagg == Approx(std::log(4.0)).epsilon(1e-12));
  CHECK(t.log_px == Approx(-std::log(2.0)).epsilon(1e-12));
  for (double none : {t.tc, t.dwkl, t.pf, t.aggdiv, t.gap}) CHECK(none == Approx(0).margin(1e-12));
}

TEST_CASE("Draws of a discrete world average to its sums") {
  const DiscreteWorld world = random_discrete_world(4, 3, 1);
  const ExactTerms t = world.exact();
  const std::size_t n = 200000;
  const LogDensities f = world.draw({.seed = 2, .id = StreamId::evaluation}, 0, 0, n);
  const auto score = [&](double exact, const std::vector<double>& a, const std::vector<double>& b) {
    double sum = 0, squares = 0;
    for (std::size_t i = 0; i < n; ++i) sum += a[i] - b[i], squares += std::pow(a[i] - b[i], 2);
    const double mean = sum / double(n), variance = squares / double(n) - mean * mean;
    return (mean - exact) / std::sqrt(variance / double(n));
  };
  const std::vector<double> zero(n);
  CHECK(std::fabs(score(t.nell, zero, f.decoder)) < 4);
  CHECK(std::fabs(score(t.div, f.encoder, f.prior)) < 4);
  CHECK(std::fabs(score(t.mi, f.encoder, f.aggregate)) < 4);
  CHECK(std::fabs(score(t.tc, f.aggregate, f.aggregate_marginals)) < 4);
  CHECK(std::fabs(score(t.pf, f.prior, f.prior_marginals)) < 4);
  CHECK(std::fabs(score(t.gap, f.encoder, f.posterior)) < 4);
  CHECK(std::fabs(score(t.log_px, f.evidence, zero)) < 4);
}

TEST_CASE("Every scheme's expectation of H_agg errs to its own side") {
  // Batches without replacement, N = 4: naive (and with it I_enc) below, leave-one-out, partially
  // stratified, MSS and MWS above; nothing is left at B = N of the first and the third.
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    const DiscreteWorld world = random_discrete_world(4, 3, seed);
    for (std::int64_t B = 2; B <= 4; ++B) {
      CAPTURE(seed, B);
      const double naive = bias(world, "naive", B), loo = bias(world, "loo", B);
      const double strat = bias(world, "strat", B), mss = bias(world, "mss", B);
      if (B == 4) {
        CHECK(naive == Approx(0).margin(1e-13));
        CHECK(strat == Approx(0).margin(1e-13));
        CHECK(mss > 1e-6);
      } else {
        CHECK(naive < -1e-6);
        CHECK(strat > 1e-6);
        CHECK(mss >= strat - 1e-13);  // by Jensen; equal at B = 2, where both are one rule
      }
      CHECK(loo > 1e-6);
      CHECK(loo >= strat - 1e-13);
      CHECK(bias(world, "mws", B) == Approx(naive + std::log(4.0)).epsilon(1e-12));
      CHECK(bias(world, "mws", B) > 0);
      // Leave-one-out makes I_enc an upper bound, naive a lower bound that never exceeds ln B.
      CHECK(world.exact().mi + naive <= std::log(double(B)) + 1e-12);
    }
  }
}

TEST_CASE("Full is exact: with B = N and weights 1/N the enumeration is H_agg") {
  const DiscreteWorld world = random_discrete_world(4, 3, 3);
  const Tensor full = Tensor::full({4, 4}, 0.25, DType::f64);
  CHECK(world.expected_hagg(full) == Approx(world.exact().hagg).epsilon(1e-13));
}

TEST_CASE("The average of naive and leave-one-out errs less than either") {
  // Its sign is not determined; its size is of second order.
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    const DiscreteWorld world = random_discrete_world(6, 2, seed);
    CAPTURE(seed);
    const double naive = bias(world, "naive", 3), loo = bias(world, "loo", 3);
    CHECK(std::fabs((naive + loo) / 2) < std::max(-naive, loo));
  }
}

TEST_CASE("Inside strat is the average over batch orders of what is inside mss") {
  const std::int64_t N = 4;
  const DiscreteWorld world = random_discrete_world(N, 3, 5);
  for (std::int64_t B : {3, 4}) {
    const Tensor strat = scheme_weights("strat", B, N), mss = scheme_weights("mss", B, N);
    std::vector<std::int64_t> batch(static_cast<std::size_t>(B));
    std::iota(batch.begin(), batch.end(), 0);
    const auto density = [&](const Tensor& w, std::int64_t own, std::int64_t z) {
      double sum = 0;
      const auto b = std::find(batch.begin(), batch.end(), own) - batch.begin();
      for (std::int64_t j = 0; j < B; ++j) sum += w.at({b, j}) * world.encoder(batch[j], z);
      return sum;
    };
    for (std::int64_t own = 0; own < B; ++own) {
      for (std::int64_t z = 0; z < world.codes(); ++z) {
        CAPTURE(B, own, z);
        double mean = 0, orders = 0, least = 1, most = 0;
        std::sort(batch.begin(), batch.end());
        do {
          const double one = density(mss, own, z);
          mean += one, ++orders;
          least = std::min(least, one), most = std::max(most, one);
        } while (std::next_permutation(batch.begin(), batch.end()));
        CHECK(mean / orders == Approx(density(strat, own, z)).epsilon(1e-12));
        CHECK(most > least);  // so that the average says something
      }
    }
    // The entropies differ, by Jensen.
    CHECK(world.expected_hagg(mss) > world.expected_hagg(strat) + 1e-6);
  }
}

TEST_CASE("Bad tables of a discrete world are refused by name") {
  const Tensor encoder = Tensor::full({3, 4}, 0.25, DType::f64);
  const Tensor prior = Tensor::full({4}, 0.25, DType::f64);
  const Tensor decoder = Tensor::full({4, 3}, 1.0 / 3, DType::f64);
  CHECK_NOTHROW(DiscreteWorld(encoder, prior, decoder));
  CHECK_THROWS_WITH(DiscreteWorld(encoder, Tensor::full({4}, 0.3, DType::f64), decoder),
                    contains("a row of prior sums to"));
  CHECK_THROWS_WITH(DiscreteWorld(encoder, prior, Tensor::full({4, 3}, -0.1, DType::f64)),
                    contains("decoder holds"));
  CHECK_THROWS_WITH(DiscreteWorld(encoder, prior, Tensor::full({4, 3}, NAN, DType::f64)),
                    contains("decoder holds"));
  CHECK_THROWS_WITH(DiscreteWorld(encoder, prior, Tensor::full({3, 3}, 0.3, DType::f64)),
                    contains("do not fit"));
  CHECK_THROWS_WITH(DiscreteWorld(Tensor(), Tensor(), Tensor()), contains("do not fit"));
  const DiscreteWorld world(encoder, prior, decoder);
  CHECK_THROWS_AS(world.expected_hagg(Tensor({1, 1}, DType::f64)), Error);
  CHECK_THROWS_AS(world.expected_hagg(Tensor({4, 4}, DType::f64)), Error);
}
