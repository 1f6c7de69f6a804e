#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "apps/verify/metrics.hpp"
#include "lab/evaluation/disentanglement/known_codes.hpp"
#include "lab/evaluation/disentanglement/make_points.hpp"
#include "lab/evaluation/disentanglement/representation.hpp"
#include "lab/evaluation/disentanglement/score_group.hpp"
#include "lab/evaluation/disentanglement/sections.hpp"

namespace nelbo::verify {
namespace {

using namespace disentanglement;

/// A metric, what it must come to, and how far samples and learners may be off.
struct Expected {
  std::string metric;
  double value;
  double tolerance = 0.005;
};

/// All but boosted trees, which take longer than all others.
Measurement measured_without_trees(const Points& points, const EvaluationOptions& options,
                                   bool errors) {
  return measure(sections_of(options.like), Representation(points, options, errors));
}

Check check_of(const std::string& code, const Measured& measured, const Expected& expected) {
  return {.name = code + ": " + measured.name,
          .value = measured.score.value,
          .se = std::isfinite(measured.score.standard_error) ? measured.score.standard_error : 0,
          .expected = expected.value,
          .expected_error = expected.tolerance / 4};
}

void check_code(const std::string& code, const Measurement& of,
                const std::vector<Expected>& expected, std::vector<Check>& to) {
  for (const Expected& one : expected) {
    for (const Measured& measured : of.metrics) {
      if (measured.name == one.metric) to.push_back(check_of(code, measured, one));
    }
  }
}

std::vector<Expected> all_of(const std::vector<std::string>& metrics, double value) {
  std::vector<Expected> all;
  for (const std::string& metric : metrics) all.push_back({metric, value});
  return all;
}

const std::vector<std::string> best_is_one{
    "mig", "mig_sup",    "dci_disentanglement", "dci_completeness", "dci_informativeness",
    "sap", "modularity", "explicitness",        "factor_vae",       "beta_vae",
    "irs", "jemmig"};

Points missing_last() {
  Points points = grid_points(small_grid);
  for (std::size_t k = 0; k + 1 < small_grid.size(); ++k) add_factor_code(points, k);
  return points;
}

Points twice() {
  Points points = perfect_grid(small_grid);
  for (std::size_t k = 0; k < small_grid.size(); ++k) add_factor_code(points, k);
  return points;
}

/// One code of two factors of 8 values, another of a third of 9; 32 points for each combination.
Points merged() {
  Points points = grid_points({8, 8, 9, 32});
  points.factors.pop_back();
  add_code(points, [&](std::size_t n) {
    return 8 * points.factors[0].values[n] + points.factors[1].values[n];
  });
  add_factor_code(points, 2);
  return points;
}

Points constant() {
  Points points = grid_points({3, 6, 10});
  for (int d = 0; d < 3; ++d) add_code(points, [](std::size_t) { return 0.1; });
  return points;
}

/// Two normal codes of correlation 0.6, which know nothing of the factor.
Points correlated() {
  Points points = noise_grid({10, 1000}, 2);
  for (std::size_t n = 0; n < points.count(); ++n) {
    points.codes[2 * n + 1] = 0.6 * points.codes[2 * n] + 0.8 * points.codes[2 * n + 1];
  }
  return points;
}

/// 10,000 points of dSprites' grid under the metrics of disentanglement_lib; published figures of
/// these codes are of other samples.
void check_dialect(const EvaluationOptions& options, std::vector<Check>& to) {
  Points grid = grid_points(dsprites_grid);
  add_code(grid, [](std::size_t) { return 0.0; });
  const Points points = some_points(grid, 10000, options.seed);
  EvaluationOptions of_library = options;
  of_library.like = Dialect::disentanglement_lib;
  const std::string name = "disentanglement_lib's ";
  check_code(name + "perfect, 10,000 of dSprites",
             measured_without_trees(perfect_code(points), of_library, true),
             {{"mig", 0.896, 0.002}, {"sap", 0.24, 0.02}}, to);
  Points noise = points;
  noise.dimensions = 10;
  noise.codes.assign(10 * points.count(), 0.0);
  check_code(name + "noise, 10,000 of dSprites",
             measured_without_trees(noise_code(noise, options.seed), of_library, true),
             {{"modularity", 0.676}, {"irs", 0.35, 0.03}}, to);
}

}  // namespace

std::vector<Check> check_metric_oracles(std::uint64_t seed) {
  const EvaluationOptions options{.seed = seed};
  std::vector<Check> all;
  const auto check = [&](const std::string& code, const Points& points,
                         const std::vector<Expected>& expected) {
    check_code(code, measured_without_trees(points, options, true), expected, all);
  };
  check("perfect", perfect_grid(small_grid), all_of(best_is_one, 1));
  check("perfect, 5 dead", perfect_grid(small_grid, 5), all_of(best_is_one, 1));
  check("one factor missing", missing_last(),
        {{"mig", 0.8},
         {"sap", 0.8},
         {"dci_disentanglement", 1},
         {"modularity", 1},
         {"factor_vae", 0.8, 0.02},
         {"beta_vae", 1, 0.02}});
  check("two of two turned", turned_grid({40, 40}, 0, 1),
        {{"mig", 0},
         {"sap", 0},
         {"dci_disentanglement", 0},
         {"dci_completeness", 0},
         {"modularity", 0},
         {"factor_vae", 0.5, 0.02},
         {"beta_vae", 0.5, 0.02}});
  check("two of five turned", turned_grid(small_grid, 3, 4),
        {{"mig", 0.6}, {"sap", 0.6}, {"factor_vae", 0.8, 0.02}});
  check("every code twice", twice(),
        {{"mig", 0},
         {"sap", 0},
         {"dci_disentanglement", 1},
         {"dci_completeness", 1 - std::log(2.0) / std::log(10.0)},
         {"dci_disentanglement.correlation", 1},
         {"dci_completeness.correlation", 1 - std::log(2.0) / std::log(10.0)},
         {"modularity", 1},
         {"factor_vae", 1},
         {"beta_vae", 1}});
  check("one code of two factors", merged(),
        {{"mig", 1},
         {"mig_sup", 1.0 / 3},
         {"dci_disentanglement", 1 - 2.0 / 3 * std::log(2.0) / std::log(3.0)},
         {"modularity", 2.0 / 3}});
  check("noise", noise_grid(small_grid, 10),
        {{"mig", 0},
         {"mig_sup", 0},
         {"dci_disentanglement", 0},
         {"dci_completeness", 0},
         {"sap", 0},
         {"modularity", 0},
         {"jemmig", 0},
         {"explicitness", 0, 0.02},
         {"factor_vae", 0.2, 0.02},
         {"beta_vae", 0.2, 0.02}});
  check("constant", constant(),
        all_of({"mig", "mig_sup", "dci_disentanglement", "dci_completeness", "sap", "modularity",
                "factor_vae", "irs", "jemmig"},
               0));
  check("correlated normals", correlated(), {{"gaussian_tc", -0.5 * std::log(1 - 0.36), 0}});
  check_dialect(options, all);
  return all;
}

namespace {

/// A code of the small grid's last three factors, mixed a little and with noise: no metric is at an end.
Points noisy() {
  Points points = grid_points({10, 12, 14});
  for (std::size_t k = 0; k < 3; ++k) {
    std::vector<double> noise(points.factors[k].values.size());
    Points alone = points;
    alone.dimensions = 0;
    alone.codes.clear();
    add_noise(alone, 1, std::uint32_t(20 + k));
    add_code(points, [&](std::size_t n) {
      return points.factors[k].values[n] + points.factors[(k + 1) % 3].values[n] / 4 +
             alone.codes[n];
    });
  }
  return points;
}

Points changed(Points points, const std::function<double(double)>& f) {
  for (double& code : points.codes) code = f(code);
  return points;
}

Points reordered(const Points& points) {
  Points other = points;
  const std::size_t D = points.dimensions;
  for (std::size_t n = 0; n < points.count(); ++n) {
    for (std::size_t d = 0; d < D; ++d) other.codes[n * D + d] = points.codes[n * D + (d + 1) % D];
  }
  return other;
}

}  // namespace

std::vector<Check> check_metric_invariances(std::uint64_t seed) {
  const EvaluationOptions options{.seed = seed};
  const Points points = noisy();
  const Measurement itself = measured_without_trees(points, options, false);
  std::vector<Check> all;
  const auto check = [&](const std::string& how, const Points& other,
                         const std::vector<std::string>& metrics, double tolerance) {
    const Measurement of = measured_without_trees(other, options, false);
    for (const std::string& name : metrics) {
      const auto value = [&](const Measurement& in) {
        const auto one = std::find_if(in.metrics.begin(), in.metrics.end(),
                                      [&](const Measured& m) { return m.name == name; });
        return one == in.metrics.end() ? std::nan("") : one->score.value;
      };
      all.push_back({.name = how + ": " + name,
                     .value = value(of) - value(itself),
                     .expected = 0,
                     .expected_error = tolerance / 4});
    }
  };
  check("times 0.01", changed(points, [](double c) { return 0.01 * c; }), best_is_one, 1e-3);
  check("sign", changed(points, [](double c) { return -c; }), best_is_one, 1e-3);
  check("order", reordered(points), best_is_one, 1e-3);
  check("offset", changed(points, [](double c) { return c + 5; }), best_is_one, 1e-3);
  Points dead = points;
  for (std::uint32_t d = 0; d < 3; ++d) add_noise(dead, 1e-3, d);
  // Learners and votes see the dead dimensions' noise.
  check("3 dead dimensions", dead, best_is_one, 0.03);
  check("cubed", changed(points, [](double c) { return c * c * c; }),
        {"mig", "mig_sup", "dci_disentanglement", "dci_completeness", "modularity", "jemmig"},
        1e-6);
  return all;
}

}  // namespace nelbo::verify
