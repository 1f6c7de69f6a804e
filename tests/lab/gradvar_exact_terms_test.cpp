// The linear-Gaussian world, of which every term is known as a function of the parameters: with data
// drawn anew for every replicate, mean gradients of terms are the derivatives of the exact terms.
#include <algorithm>
#include <cmath>
#include <iostream>
#include <map>
#include <string>
#include <vector>

#include "lab/studies/replicates.hpp"
#include "lab/studies/study_cells.hpp"
#include "lab/studies/subject.hpp"
#include "models/worlds/dense.hpp"
#include "tests/catch.hpp"

using namespace nelbo;
using namespace nelbo::gradvar;

namespace {

struct FreshWorld {
  FreshWorld() : model(store, golden_linear_gaussian().parameters()) { store.freeze(0); }

  /// N fresh data for each replicate, which are all there are.
  StudyModel study(std::int64_t data) const {
    return {.model = model,
            .x = model.data(data, 1),
            .population = {.size = data},
            .anew = fresh_data(model)};
  }

  /// The exact terms with the parameters as they are.
  std::map<std::string, double> exact() const {
    LinearGaussianParameters p = golden_linear_gaussian().parameters();
    p.enc_weight = dense::transposed(store.tensor("encoder.weight"));
    p.enc_bias = store.tensor("encoder.bias");
    p.enc_var = Tensor(p.enc_bias.shape(), DType::f64);
    for (std::int64_t d = 0; d < p.enc_var.size(); ++d) {
      p.enc_var.set({d}, std::exp(store.tensor("encoder.log_variance").at({d})));
    }
    p.dec_weight = dense::transposed(store.tensor("decoder.weight"));
    p.dec_bias = store.tensor("decoder.bias");
    const auto named = named_terms(LinearGaussian(p).exact());
    return {named.begin(), named.end()};
  }

  /// Central differences of an exact term in every element of a parameter.
  std::vector<double> derivatives(const std::string& term, const std::string& parameter) {
    const Tensor values = store.tensor(parameter);
    std::vector<double> all;
    for (std::int64_t j = 0; j < values.size(); ++j) {
      constexpr double h = 1e-4;
      double& value = values.data_as<double>()[j];
      const double at = value;
      value = at + h;
      const double above = exact().at(term);
      value = at - h;
      const double below = exact().at(term);
      value = at;
      all.push_back((above - below) / (2 * h));
    }
    return all;
  }

  ParameterStore store{DType::f64};
  LinearGaussianModel model;
};

/// A parameter's mean gradient and its standard error, element by element.
struct Gradient {
  std::vector<double> mean, se;
};
using Gradients = std::map<std::string, Gradient>;

Gradients gradients(const FreshWorld& world, const std::string& objective, std::int64_t data,
                    std::uint64_t replicates) {
  const StudyModel model = world.study(data);
  const StudyCells plan = plan_cells({.estimators = "reparam", .objective = objective}, model);
  Gradients all;
  // Other numbers for other sizes: the two are independent.
  run_replicates(model, plan.cells.at(0),
                 {.replicates = replicates,
                  .seed = std::uint64_t(data),
                  .workers = 2,
                  .gradient = [&](const MeanGradient& found) {
                    all[found.parameter] = {found.mean, found.standard_error};
                  }});
  return all;
}

/// 2 g(2N) - g(N): a bias of c/N is gone.
Gradients extrapolated(const Gradients& of_n, const Gradients& of_2n) {
  Gradients all;
  for (const auto& [name, large] : of_2n) {
    const Gradient& small = of_n.at(name);
    for (std::size_t j = 0; j < large.mean.size(); ++j) {
      all[name].mean.push_back(2 * large.mean[j] - small.mean[j]);
      all[name].se.push_back(std::hypot(2 * large.se[j], small.se[j]));
    }
  }
  return all;
}

/// The largest |z| over all parameters against the derivatives of the exact term.
double largest_z(FreshWorld& world, const Gradients& found, const std::string& term) {
  double largest = 0;
  int compared = 0;
  for (const auto& [name, gradient] : found) {
    const std::vector<double> exact = world.derivatives(term, name);
    for (std::size_t j = 0; j < exact.size(); ++j) {
      const double difference = std::fabs(gradient.mean[j] - exact[j]);
      // What a term does not depend on has no noise either.
      if (gradient.se[j] < 1e-12) {
        CHECK(difference < 1e-7);
        continue;
      }
      largest = std::max(largest, difference / gradient.se[j]);
      ++compared;
    }
  }
  CHECK(compared >= 2);
  return largest;
}

/// A term of the vocabulary, and its name among the exact ones.
const std::vector<std::pair<std::string, std::string>> terms{{"nell", "nell"},
                                                             {"div", "div"},
                                                             {"mi(full)", "mi"},
                                                             {"tc(full)", "tc"},
                                                             {"dwkl(full)", "dwkl"}};
bool is_mixture(const std::string& objective) {
  return objective.find("full") != std::string::npos;
}

/// The aggregated posterior of N data is not that of all: mi, tc and dwkl of it, and their gradients,
/// have a bias of order 1/N, which is 6 standard errors of tc's at N = 4096 and 1000 replicates. So
/// these are extrapolated from N/2 and N.
void compare(std::int64_t data, std::uint64_t replicates) {
  FreshWorld world;
  for (const auto& [objective, term] : terms) {
    INFO(objective);
    Gradients found = gradients(world, objective, data, replicates);
    const double raw = largest_z(world, found, term);
    if (is_mixture(objective)) {
      found = extrapolated(gradients(world, objective, data / 2, replicates), found);
    }
    const double z = largest_z(world, found, term);
    std::cout << data << " data, " << replicates << " replicates: " << objective << " largest z "
              << z << ", with its bias " << raw << std::endl;
    // The level of z < 4 for one parameter; there are 14 and 5 terms.
    CHECK(z < 4);
  }
}

}  // namespace

TEST_CASE("exact terms: mean gradients of 512 data drawn anew are the exact terms' derivatives") {
  compare(512, 300);
}

TEST_CASE("exact terms: mean gradients of 4096 data drawn anew", "[.slow]") { compare(4096, 100); }

TEST_CASE(
    "exact terms: of 64 data the bias of mixtures is seen, and of nell and div there is none") {
  FreshWorld world;
  for (const auto& [objective, term] : terms) {
    INFO(objective);
    const double z = largest_z(world, gradients(world, objective, 64, 4000), term);
    std::cout << "64 data, 4000 replicates: " << objective << " largest z " << z << std::endl;
    CHECK((z > 5) == is_mixture(objective));
  }
}
