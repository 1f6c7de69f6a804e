#include <fmt/format.h>

#include <cmath>
#include <string>

#include "apps/verify/metrics.hpp"
#include "autodiff/random_variables.hpp"
#include "lab/data/load.hpp"
#include "lab/evaluation/disentanglement/aggregators.hpp"
#include "lab/evaluation/disentanglement/bootstrap.hpp"
#include "lab/evaluation/disentanglement/exact_information.hpp"
#include "lab/evaluation/disentanglement/information.hpp"
#include "lab/evaluation/disentanglement/make_points.hpp"
#include "lab/evaluation/disentanglement/model_points.hpp"
#include "lab/evaluation/disentanglement/sampled_information.hpp"
#include "lab/training/run_data.hpp"
#include "lab/training/trainer.hpp"
#include "models/worlds/discrete.hpp"

namespace nelbo::verify {
namespace {

using namespace disentanglement;

constexpr std::int64_t world_data = 6, world_values = 3;

/// What an x of the discrete world is made of: x = 3 v_0 + v_1.
std::int64_t factor_of(std::int64_t x, std::size_t k) { return k == 0 ? x / 3 : x % 3; }
std::int64_t code_of(std::int64_t code, std::size_t d) {
  return d == 0 ? code / world_values : code % world_values;
}

/// I(z_d; v_k) by the world's tables, nats.
double exact_of(const DiscreteWorld& world, std::size_t d, std::size_t k) {
  double joint[3][3] = {}, of_code[3] = {}, of_factor[3] = {}, sum = 0;
  for (std::int64_t x = 0; x < world.data(); ++x) {
    for (std::int64_t code = 0; code < world.codes(); ++code) {
      const double p = world.encoder(x, code) / double(world.data());
      joint[code_of(code, d)][factor_of(x, k)] += p;
      of_code[code_of(code, d)] += p;
      of_factor[factor_of(x, k)] += p;
    }
  }
  for (int z = 0; z < 3; ++z) {
    for (int v = 0; v < 3; ++v) {
      if (joint[z][v] > 0) sum += joint[z][v] * std::log(joint[z][v] / (of_code[z] * of_factor[v]));
    }
  }
  return sum;
}

/// `count` draws x ~ data, z ~ Q(Z|x).
Points draws(const DiscreteWorld& world, std::size_t count, std::uint64_t seed) {
  std::vector<double> u(2 * count);
  fill_uniform(u.data(),
               {.stream = random_variables::disentangle_z.of(seed), .dimensions = u.size()});
  Points points{.dimensions = 2, .codes = {}, .log_variances = {}, .factors = {}};
  std::vector<double> factors[2];
  for (std::size_t n = 0; n < count; ++n) {
    const auto x = std::int64_t(u[2 * n] * double(world.data()));
    std::int64_t code = 0;
    double left = u[2 * n + 1] - world.encoder(x, 0);
    while (left >= 0 && code + 1 < world.codes()) left -= world.encoder(x, ++code);
    for (std::size_t i = 0; i < 2; ++i) {
      points.codes.push_back(double(code_of(code, i)));
      factors[i].push_back(double(factor_of(x, i)));
    }
  }
  for (std::size_t k = 0; k < 2; ++k) {
    points.factors.push_back(make_factor(std::string("v").append(std::to_string(k)), factors[k]));
  }
  return points;
}

void check_world(std::uint64_t seed, std::vector<Check>& to) {
  constexpr std::size_t count = 50000;
  const DiscreteWorld world = random_discrete_world(world_data, world_values, seed);
  const Points points = draws(world, count, seed);
  const Information information(points, seed);
  const auto values = [&](PointWeights weights) {
    const Information::Corrected of =
        weights.empty() ? information.corrected() : information.corrected(weights);
    return std::vector<double>{of.nats(0, 0), of.nats(0, 1), of.nats(1, 0), of.nats(1, 1)};
  };
  const std::vector<double> estimate = values({}), errors = bootstrap_errors([&](std::size_t r) {
                                                     return values(resampled(count, seed, r));
                                                   });
  for (std::size_t i = 0; i < 4; ++i) {
    const std::size_t d = i / 2, k = i % 2;
    // The correction is itself right to a part of the bias, (3 - 1) (m - 1) / 2N.
    to.push_back({.name = fmt::format("discrete world: I(z{}; v{})", d, k),
                  .value = estimate[i],
                  .se = errors[i],
                  .expected = exact_of(world, d, k),
                  .expected_error = information.bias()(d, k)});
  }
}

/// Codes and log-variances on the grid of sprites of a small model after six epochs.
Points trained_points(std::uint64_t seed) {
  TrainConfig config;
  config.data = "sprites:32";
  config.model = "mlp";
  config.hidden = {100};
  config.latent = 5;
  config.seed = seed;
  const auto data = load_run_data(config);
  Trainer trainer(config, *data);
  trainer.fit(6);
  data::Dataset grid = data::read_dataset("sprites:grid:32");
  grid.scale = data->scale;
  const Examples examples(grid, grid.splits.front(), data::parse_binarize(config.binarize),
                          Examples::Role::test, seed);
  return points_of(trainer.model(), grid, {examples}).points;
}

Matrix over(Matrix nats, const std::vector<double>& entropy) {
  for (std::size_t d = 0; d < nats.rows(); ++d) {
    for (std::size_t k = 0; k < nats.columns(); ++k) nats(d, k) /= entropy[k];
  }
  return nats;
}

/// One z ~ Q(Z|x) of every point, as codes.
Points sampled_codes(Points points, std::uint64_t seed) {
  std::vector<double> noise(points.codes.size());
  fill_normal(noise.data(), {.stream = random_variables::disentangle_z.of(seed),
                             .batch = points.count(),
                             .dimensions = points.dimensions});
  for (std::size_t i = 0; i < noise.size(); ++i) {
    points.codes[i] += std::exp(points.log_variances[i] / 2) * noise[i];
  }
  points.log_variances.clear();
  return points;
}

void check_trained(std::uint64_t seed, std::vector<Check>& to) {
  constexpr std::size_t samples = 10000;
  const Points points = trained_points(seed);
  const std::vector<double> entropy = plug_in_information(counted_points(points)).factor_entropy;
  const auto exact_nats = exact_information(points);
  if (!exact_nats) return;
  const double exact = gap(over(*exact_nats, entropy));
  const auto add = [&](const std::string& how, double value, double se, const std::string& remark) {
    to.push_back({.name = "sprites: MIG, " + how,
                  .value = value,
                  .se = se,
                  .expected = exact,
                  .remark = remark});
  };
  const SampledInformation sampled(points, samples, seed);
  const auto of_samples = [&](PointWeights weights) {
    return gap(over(sampled.information(weights), entropy));
  };
  const std::vector<double> error = bootstrap_errors([&](std::size_t replicate) {
    return std::vector<double>{of_samples(resampled(samples, seed, replicate))};
  });
  add("samples", of_samples({}), error.front(), "");
  const Points z = sampled_codes(points, seed);
  const Information binned(z, seed);
  add("z in bins", gap(binned.corrected().share), 0, "biased by bins alone");
  add("not corrected", gap(over(binned.plug_in().information, entropy)), 0, "biased");
  add("20 equal widths",
      gap(over(plug_in_information(counted_in_equal_widths(z, 20)).information, entropy)), 0,
      "biased");
  add("of means", gap(Information(points, seed).corrected().share), 0,
      "another quantity: means know more than samples");
}

}  // namespace

std::vector<Check> check_information(std::uint64_t seed) {
  std::vector<Check> all;
  check_world(seed, all);
  check_trained(seed, all);
  return all;
}

}  // namespace nelbo::verify
