// Annealed importance sampling and bidirectional Monte Carlo on worlds whose log P(x) is known.
#include <cmath>
#include <iostream>

#include "autodiff/random_variables.hpp"
#include "autodiff/threads.hpp"
#include "lab/evaluation/annealing/log_mean.hpp"
#include "lab/statistics/mean_and_error.hpp"
#include "models/worlds/discrete_model.hpp"
#include "tests/autodiff/allocations.hpp"
#include "tests/catch.hpp"
#include "tests/lab/annealing_support.hpp"
#include "tests/lab/random_uses.hpp"

using namespace nelbo;
using namespace nelbo::annealing;
using namespace nelbo::tests;

namespace {

/// Mean and error of column - exact, datum by datum.
MeanAndError paired(const Readings& readings, const char* column,
                    const std::vector<double>& exact) {
  RunningMean difference;
  const std::vector<double> values = readings.column(column);
  REQUIRE(values.size() == exact.size());
  for (std::size_t n = 0; n < exact.size(); ++n) difference.add(values[n] - exact[n]);
  return difference.result();
}

Readings log_px_of(const AnnealedWorld& world, const Tensor& x, const AnnealingPlan& plan) {
  Readings readings = log_px_readings();
  REQUIRE(read_log_px(world.model, data_of({x, {}}), plan, readings, unwatched));
  return readings;
}

Readings bdmc_of(const AnnealedWorld& world, const SimulatedData& data, const AnnealingPlan& plan) {
  Readings readings = bdmc_readings();
  REQUIRE(read_bdmc(world.model, data, plan, readings, unwatched));
  return readings;
}

}  // namespace

TEST_CASE("annealing: temperatures rise from 0 as the sigmoid does") {
  const std::vector<double> betas = sigmoid_temperatures(10, 2);
  const auto sigmoid = [](double u) { return 1 / (1 + std::exp(-u)); };
  REQUIRE(betas.size() == 11);
  for (int t = 0; t <= 10; ++t) {
    const double expected =
        2 * (sigmoid(4 * (2 * t / 10.0 - 1)) - sigmoid(-4)) / (sigmoid(4) - sigmoid(-4));
    CHECK(betas[std::size_t(t)] == Approx(expected).margin(1e-14));
  }
  CHECK(betas.front() == 0);
  CHECK(betas.back() == 2);
  CHECK(sigmoid_temperatures(1) == std::vector<double>{0, 1});
}

TEST_CASE("annealing: means of weights, forwards and harmonic") {
  const std::vector<double> f{-1000, -1001, -1000.5, -1003};
  double sum = 0, squares = 0, inverse = 0;
  for (const double x : f) {
    sum += std::exp(x + 1000);
    squares += std::exp(2 * (x + 1000));
    inverse += std::exp(-x - 1000);
  }
  const LogMean mean = log_mean_exp(f);
  CHECK(mean.value == Approx(-1000 + std::log(sum / 4)).epsilon(1e-14));
  CHECK(mean.ess == Approx(sum * sum / squares));
  // sd(w) / (sqrt(S) mean(w)).
  const double variance = (squares - sum * sum / 4) / 3;
  CHECK(mean.error == Approx(std::sqrt(variance / 4) / (sum / 4)));
  CHECK(log_harmonic_mean_exp(f).value == Approx(-1000 - std::log(inverse / 4)).epsilon(1e-14));
  // Weights whose inverses have mean 1: more chains come closer to 0 from above, their mean does
  // not.
  std::vector<double> g(1 << 16);
  fill_normal(g.data(), {.stream = {1, StreamId::user}, .dimensions = g.size()});
  for (double& x : g) x += 0.5;  // E exp(-x) = 1
  CHECK(std::abs(log_harmonic_mean_exp(g).value) < 0.03);
  CHECK(std::isnan(log_mean_exp(std::vector<double>{1}).error));
}

TEST_CASE("annealing: leapfrogs come back when the momenta are turned round") {
  const AnnealedWorld of;
  const Path path = GENERATE(Path::from_encoder, Path::from_prior);
  TemperedDensity density(of.model, path, 3, 5);
  const Tensor x = of.data(5);
  std::copy_n(x.data_as<float>(), 10, density.x().begin());
  ChainPoints points(3, 5, 2);
  const std::vector<std::uint32_t> ids{0, 1, 2, 3, 4};
  density.start(points, {1, StreamId::user}, ids);
  density.evaluate(points);
  const ChainPoints before = points;
  std::vector<float> momenta(points.z.size());
  fill_normal(momenta.data(), {.stream = {2, StreamId::user}, .dimensions = momenta.size()});
  const std::vector<float> steps{0.1F, 0.2F, 0.3F, 0.05F, 0.15F};
  Hamiltonian moves(density, 10);
  moves.leapfrog(points, momenta, 0.7, steps);
  double moved = 0;
  for (std::size_t i = 0; i < points.z.size(); ++i) moved += std::abs(points.z[i] - before.z[i]);
  CHECK(moved > 1);
  for (float& p : momenta) p = -p;
  moves.leapfrog(points, momenta, 0.7, steps);
  for (std::size_t i = 0; i < points.z.size(); ++i) {
    CHECK(points.z[i] == Approx(before.z[i]).margin(2e-5));
  }
}

TEST_CASE("annealing: slopes are those of the densities, by finite differences in double") {
  const AnnealedWorld of;
  const Tensor x = of.data(1).cast(DType::f64);
  TemperedDensity density(of.model, Path::from_encoder, 1, 1);
  std::copy_n(of.data(1).data_as<float>(), 2, density.x().begin());
  ChainPoints points(1, 1, 2);
  points.z = {0.4F, -1.1F};
  density.evaluate(points);
  const auto log_q = [&](double a, double b) {
    return of.world().log_encoder(x, Tensor::of({a, b}, {1, 2}, DType::f64))[0];
  };
  const auto log_joint = [&](double a, double b) {
    const Tensor z = Tensor::of({a, b}, {1, 2}, DType::f64);
    return of.world().log_decoder(x, z)[0] + of.world().log_prior(z)[0];
  };
  const double a = points.z[0], b = points.z[1], h = 1e-5;
  CHECK(points.base[0] == Approx(log_q(a, b)).epsilon(1e-5));
  CHECK(points.tilt[0] == Approx(log_joint(a, b) - log_q(a, b)).epsilon(1e-5));
  const double q_slope = (log_q(a + h, b) - log_q(a - h, b)) / (2 * h);
  const double joint_slope = (log_joint(a + h, b) - log_joint(a - h, b)) / (2 * h);
  CHECK(points.base_slope[0] == Approx(q_slope).epsilon(1e-4));
  CHECK(points.tilt_slope[0] == Approx(joint_slope - q_slope).epsilon(1e-4));
}

TEST_CASE("annealing: 1,000 temperatures give the golden instance's log P(x)") {
  const AnnealedWorld of;
  const Tensor x = of.data(64);
  const std::vector<double> exact = of.log_px(x);
  const auto [path, most] =
      GENERATE(table<Path, double>({{Path::from_encoder, 0.02}, {Path::from_prior, 0.05}}));
  const Readings readings = log_px_of(of, x, of.plan(path, 1000));
  const MeanAndError difference = paired(readings, "log_px", exact);
  std::cout << "    path " << int(path) << ": AIS - exact " << difference.mean << " +- "
            << difference.standard_error << ", z = " << difference.mean / difference.standard_error
            << ", ESS " << readings.mean("ess").mean << "\n";
  CHECK(std::abs(difference.mean) < most);
  CHECK(std::abs(difference.mean) < 4 * difference.standard_error);
  const Acceptance acceptance = readings.acceptance("acceptance");
  for (const double part : acceptance) {
    CHECK(part > 0.4);
    CHECK(part < 0.95);
  }
  // The error that the chains of a datum tell is that of its estimate.
  const std::vector<double> error = readings.column("se"), value = readings.column("log_px");
  RunningMean square;
  for (std::size_t n = 0; n < exact.size(); ++n) {
    square.add(std::pow((value[n] - exact[n]) / error[n], 2));
  }
  CHECK(square.result().mean == Approx(1).margin(4 * std::sqrt(2.0 / 64)));
}

TEST_CASE("annealing: both directions bracket log P(x), and the gap falls like 1 / T") {
  const AnnealedWorld of;
  const SimulatedData data = of.simulated(1024);
  const std::vector<double> exact = of.log_px(data.x);
  const Path path = GENERATE(Path::from_encoder, Path::from_prior);
  std::vector<double> gaps;
  for (const std::int64_t T : {8, 32, 128}) {
    AnnealingPlan plan = of.plan(path, T);
    plan.chains = 4;
    const Readings readings = bdmc_of(of, data, plan);
    const MeanAndError lower = paired(readings, "lower", exact),
                       upper = paired(readings, "upper", exact);
    gaps.push_back(upper.mean - lower.mean);
    std::cout << "    path " << int(path) << ", T " << T << ": lower - exact " << lower.mean
              << " +- " << lower.standard_error << ", upper - exact " << upper.mean << " +- "
              << upper.standard_error << ", T gap " << double(T) * gaps.back() << "\n";
    CHECK(lower.mean < 4 * lower.standard_error);
    CHECK(upper.mean > -4 * upper.standard_error);
    CHECK(std::abs(lower.mean) < 0.3);
    CHECK(std::abs(upper.mean) < 0.3);
    CHECK(gaps.back() > 0);
  }
  // A factor of 4 in T each, of 16 in all; half of it for noise.
  CHECK(gaps[0] / gaps[2] > 8);
}

TEST_CASE("annealing: the same bits for any number of threads, and wherever it is resumed") {
  const AnnealedWorld of(random_linear_gaussian(5, 3, 2));
  AnnealingPlan plan = of.plan(Path::from_encoder, 20);
  plan.chains = 128;  // 8 data at once
  const Tensor x = of.data(21);
  set_num_threads(1);
  const Readings one = log_px_of(of, x, plan);
  set_num_threads(5);
  CHECK(log_px_of(of, x, plan).values == one.values);
  set_num_threads(2);

  Readings halted = log_px_readings();
  std::size_t batches = 0;
  const Watch until_second{[&](double) { return batches < 2; },
                           [&](const Readings&) { ++batches; }};
  CHECK_FALSE(read_log_px(of.model, data_of({x, {}}), plan, halted, until_second));
  CHECK(halted.count() == 16);
  CHECK(read_log_px(of.model, data_of({x, {}}), plan, halted, unwatched));
  CHECK(halted.values == one.values);
  plan.seed = 4;
  CHECK(log_px_of(of, x, plan).values != one.values);
}

TEST_CASE("annealing: moves allocate nothing after the first") {
  const AnnealedWorld of;
  TemperedDensity density(of.model, Path::from_encoder, 4, 5);
  std::copy_n(of.data(5).data_as<float>(), 10, density.x().begin());
  ChainPoints points(4, 5, 2);
  const std::vector<std::uint32_t> ids{0, 1, 2, 3, 4};
  density.start(points, {1, StreamId::user}, ids);
  density.evaluate(points);
  Hamiltonian moves(density, 10);
  const std::vector<float> steps(5, 0.1F);
  const auto move = [&](std::uint64_t step) {
    moves.move(points, 0.5, steps, {{1, StreamId::user, 1}, {1, StreamId::user, 2}, step, ids});
  };
  move(1);
  const std::size_t before = allocations();
  for (std::uint64_t step = 2; step < 12; ++step) move(step);
  CHECK(allocations() == before);
}

TEST_CASE("annealing: progress rises to 1") {
  const AnnealedWorld of;
  double before = 0;
  const Watch watch{[&](double share) {
                      CHECK(share > before);
                      before = share;
                      return true;
                    },
                    {}};
  Readings readings = bdmc_readings();
  AnnealingPlan plan = of.plan(Path::from_prior, 5);
  plan.chains = 512;
  REQUIRE(read_bdmc(of.model, of.simulated(5), plan, readings, watch));
  CHECK(before == Approx(1));
}

TEST_CASE("annealing: no number serves two purposes") {
  const AnnealedWorld of;
  const RandomUses uses;
  log_px_of(of, of.data(3), of.plan(Path::from_encoder, 4));
  log_px_of(of, of.data(3), of.plan(Path::from_prior, 4));
  bdmc_of(of, of.simulated(3), of.plan(Path::from_encoder, 4));
  std::set<std::string> faults = uses.faults();
  std::erase_if(faults, [](const std::string& fault) {  // the test's own data
    return contains("is not in the register").match(fault);
  });
  CHECK(faults == std::set<std::string>{});
  CHECK(uses.purposes().contains("annealing: momenta of a move"));
}

TEST_CASE("annealing: discrete codes and stores of doubles are refused by name") {
  ParameterStore doubles(DType::f64);
  const LinearGaussianModel exact(doubles, golden_linear_gaussian().parameters());
  doubles.freeze(0);
  CHECK_THROWS_WITH(TemperedDensity(exact, Path::from_encoder, 2, 2), contains("float64"));
  ParameterStore store;
  const DiscreteModel codes(store);
  store.freeze(0);
  CHECK_THROWS_WITH(TemperedDensity(codes, Path::from_encoder, 2, 2),
                    contains("binary codes have not"));
  const AnnealedWorld world;
  CHECK_THROWS_WITH(TemperedDensity(world.model, Path::squared_error, 2, 2),
                    contains("no mean E[X|z]"));
}
