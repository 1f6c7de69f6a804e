#include "apps/verify/annealing.hpp"

#include <cmath>
#include <numbers>

#include "autodiff/random_variables.hpp"
#include "lab/evaluation/annealing/readings.hpp"
#include "lab/evaluation/annealing/temperatures.hpp"
#include "lab/statistics/mean_and_error.hpp"
#include "models/worlds/dense.hpp"
#include "models/worlds/linear_gaussian_model.hpp"

namespace nelbo::verify {
namespace {

using namespace annealing;
using namespace dense;

constexpr std::int64_t data_count = 64, temperatures = 1000;
constexpr double rounding = 2e-6;  // of float32 log-densities, relative

/// Cov[X] of P(x) = E P(x|Z).
Tensor model_covariance(const LinearGaussianParameters& p) {
  return p.dec_weight * p.prior_cov * transposed(p.dec_weight) + diagonal(p.dec_var);
}

Tensor normal(std::uint64_t seed, std::size_t member, std::int64_t rows, std::int64_t columns) {
  Tensor noise({rows, columns}, DType::f64);
  fill_normal(noise.data_as<double>(),
              {.stream = random_variables::verify_annealing.of(seed, member),
               .batch = std::size_t(rows),
               .dimensions = std::size_t(columns)});
  return noise;
}

/// z ~ P0, x ~ P(X|z), float32.
SimulatedData model_data(const LinearGaussian& world, std::uint64_t seed) {
  const LinearGaussianParameters& p = world.parameters();
  const std::int64_t X = world.data_dimensions(), D = world.latent_dimensions();
  Tensor z = normal(seed, 1, data_count, D) * transposed(Factor(p.prior_cov).lower());
  for (std::int64_t n = 0; n < data_count; ++n) {
    for (std::int64_t d = 0; d < D; ++d) z.set({n, d}, z.at({n, d}) + p.prior_mean.at({d}));
  }
  Tensor x = z * transposed(p.dec_weight);
  const Tensor noise = normal(seed, 2, data_count, X);
  for (std::int64_t n = 0; n < data_count; ++n) {
    for (std::int64_t i = 0; i < X; ++i) {
      const double scatter = std::sqrt(p.dec_var.at({i})) * noise.at({n, i});
      x.set({n, i}, x.at({n, i}) + p.dec_bias.at({i}) + scatter);
    }
  }
  return {x.cast(DType::f32), z.cast(DType::f32)};
}

/// `column` of readings at x, less the exact log P(x) of each, on top of `expected`.
Check against(const char* name, double expected, const LinearGaussian& world, const Tensor& x,
              const Readings& readings, const char* column, const char* error) {
  const std::vector<double> exact = world.log_evidence(x.cast(DType::f64)),
                            values = readings.column(column), errors = readings.column(error);
  RunningMean difference;
  double bias = 0, rounded = 0;
  for (std::size_t n = 0; n < exact.size(); ++n) {
    difference.add(values[n] - exact[n]);
    bias += errors[n] * errors[n] / 2 / double(exact.size());
    rounded += rounding * (1 + std::fabs(exact[n])) / double(exact.size());
  }
  const auto [mean, standard_error] = difference.result();
  return {.name = name,
          .value = expected + mean,
          .se = standard_error,
          .expected = expected,
          .expected_error = bias + rounded};
}

}  // namespace

std::vector<std::pair<std::string, double>> exact_annealing(const LinearGaussian& world) {
  const double log_px = world.exact().log_px, X = double(world.data_dimensions());
  const Factor factor(model_covariance(world.parameters()));
  const double own =
      -(X * std::log(2 * std::numbers::pi * std::numbers::e) + factor.log_determinant()) / 2;
  return {{"log_px", log_px}, {"log_px_prior", log_px}, {"bdmc_lower", own}, {"bdmc_upper", own}};
}

std::vector<Check> check_annealing(const LinearGaussian& world, std::uint64_t seed) {
  ParameterStore store;
  const LinearGaussianModel model(store, world.parameters());
  store.freeze(0);
  AnnealingPlan plan{.betas = sigmoid_temperatures(temperatures), .seed = seed};
  const Watch watch{[](double) { return true; }, {}};
  const auto exact = exact_annealing(world);

  const Tensor x = model.data(data_count, random_variables::verify_annealing.of(seed), 0);
  std::vector<Check> checks;
  for (const Path path : {Path::from_encoder, Path::from_prior}) {
    plan.path = path;
    Readings readings = log_px_readings();
    read_log_px(model, data_of({x, {}}), plan, readings, watch);
    const auto& [name, expected] = exact[checks.size()];
    checks.push_back(against(name.c_str(), expected, world, x, readings, "log_px", "se"));
  }
  plan.path = Path::from_encoder;
  const SimulatedData own = model_data(world, seed);
  Readings readings = bdmc_readings();
  read_bdmc(model, own, plan, readings, watch);
  for (const char* side : {"lower", "upper"}) {
    const auto& [name, expected] = exact[checks.size()];
    checks.push_back(against(name.c_str(), expected, world, own.x, readings, side,
                             (std::string(side) + "_se").c_str()));
  }
  return checks;
}

}  // namespace nelbo::verify
