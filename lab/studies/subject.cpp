#include "lab/studies/subject.hpp"

#include <cmath>
#include <map>
#include <set>

#include "autodiff/random_variables.hpp"
#include "lab/studies/discrete_theory.hpp"
#include "models/worlds/linear_gaussian_theory.hpp"
#include "models/worlds/rainforth_theory.hpp"
#include "objectives/estimators/estimators.hpp"

namespace nelbo::gradvar {
namespace {

std::optional<ToyEstimator> toy_estimator(const Estimator& phi) {
  if (phi == estimators::reparam()) return ToyEstimator::reparam;
  if (phi == estimators::stl()) return ToyEstimator::stl;
  if (phi == estimators::dreg()) return ToyEstimator::dreg;
  if (phi == estimators::wake_sleep(1)) return ToyEstimator::wake;
  return std::nullopt;
}

void add_toy_theory(const RainforthToy& toy, const StudyCell& cell, const EstimatorChoice& choice,
                    Row& row) {
  const bool known = cell.bound() && (cell.bound()->is_elbo() || cell.label == "iw");
  if (!known || cell.coupling != Coupling::independent) return;
  const bool theta = row.group == "theta";
  if (theta && !choice.theta.rule().samples_decoder(toy)) return;
  const auto estimator = theta ? ToyEstimator::reparam : toy_estimator(choice.phi);
  if (!estimator) return;
  const auto gradient =
      RainforthTheory(toy.config())
          .gradient(*estimator, theta ? ToyGroup::theta : ToyGroup::phi, cell.m, cell.k);
  if (!gradient) return;
  // Coordinates are alike and independent of each other to leading order.
  const double d = double(toy.config().dimensions);
  const Theory theory{std::fabs(gradient->mean) * std::sqrt(d), gradient->variance * d,
                      gradient->snr()};
  (gradient->exact ? row.exact : row.asymptote) = theory;
}

/// Whether a row, a group's or a layer's, is of this parameter.
bool holds(const Row& row, const ParameterStore& store, const ParameterStore::Entry& entry) {
  return row.group == store.group_names()[std::size_t(entry.group)] ||
         entry.name.starts_with(row.group + ".");
}

void add_linear_theory(const LinearGaussianModel& model, const StudyCell& cell,
                       const EstimatorChoice& choice, const Tensor& x, Row& row) {
  if (!cell.bound() || !cell.bound()->is_elbo() || cell.coupling != Coupling::independent) return;
  const ParameterStore& store = model.store();
  std::set<std::string> own;  // the row's parameters
  Groups groups = 0;
  for (const ParameterStore::Entry& entry : store.entries()) {
    if (!holds(row, store, entry)) continue;
    own.insert(entry.name);
    groups |= Groups{1} << entry.group;
  }
  const bool reparam = choice.phi == estimators::reparam() || (groups & model.encoder()) == 0;
  if (!reparam && !(choice.phi == estimators::stl() || choice.phi == estimators::dreg())) return;
  double squares = 0, variance = 0, ratios = 0, count = 0;
  for (const ExactGradient& exact :
       elbo_gradient(model, x, reparam ? PathGradient::reparam : PathGradient::stl, cell.k)) {
    if (!own.contains(exact.parameter)) continue;
    const std::vector<double> means = exact.mean.values(), variances = exact.variance.values();
    for (std::size_t j = 0; j < means.size(); ++j) {
      squares += means[j] * means[j];
      variance += variances[j];
      if (variances[j] > 0) {
        ratios += means[j] * means[j] / variances[j];
        ++count;
      }
    }
  }
  row.exact = Theory{std::sqrt(squares), variance, std::sqrt(ratios / count)};
}

/// Norm of the mean, total variance and mean signal-to-noise ratio of the parameters of a row.
Theory theory_of(const ParameterStore& store, const ExactMoments& moments, const Row& row) {
  double squares = 0, variance = 0, ratios = 0, count = 0;
  for (const ParameterStore::Entry& entry : store.entries()) {
    if (!holds(row, store, entry)) continue;
    for (std::size_t j = entry.offset; j < entry.offset + std::size_t(entry.shape.size()); ++j) {
      squares += moments.mean[j] * moments.mean[j];
      variance += moments.variance[j];
      if (moments.variance[j] <= 0) continue;
      ratios += moments.mean[j] * moments.mean[j] / moments.variance[j];
      ++count;
    }
  }
  return {std::sqrt(squares), variance, std::sqrt(ratios / count)};
}

/// A model at data that are all there are.
StudyModel of_all(const Model& model, const Tensor& x) {
  return {.model = model, .x = x, .population = {.size = x.shape()[0]}};
}

}  // namespace

std::function<void(const Tensor& x, std::uint64_t seed, std::uint64_t r)> fresh_data(
    const LinearGaussianModel& model) {
  return [&model](const Tensor& x, std::uint64_t seed, std::uint64_t r) {
    x.copy_from(model.data(x.shape()[0], random_variables::replicate_data.of(seed), r));
  };
}

Subject discrete_subject() {
  struct World {
    ParameterStore store;
    DiscreteModel model{store};
    std::map<std::string, std::optional<ExactMoments>> moments;  // by bound and estimator
  };
  const auto world = std::make_shared<World>();
  world->store.freeze(0);
  return {.name = "world discrete",
          .model = of_all(world->model, world->model.data()),
          .owner = world,
          .add_theory = [world](const StudyCell& cell, const EstimatorChoice& choice, Row& row) {
            if (!cell.bound()) return;
            const std::string key = cell.bound()->text() + " " + choice.text();
            const auto [at, fresh] = world->moments.try_emplace(key);
            if (fresh) at->second = exact_moments(world->model, *cell.bound(), choice);
            if (at->second) row.exact = theory_of(world->store, *at->second, row);
          }};
}

Subject rainforth_subject() {
  struct World {
    ParameterStore store;
    RainforthToy toy{store};
  };
  const auto world = std::make_shared<World>();
  world->store.freeze(0);
  return {.name = "world rainforth",
          .model = of_all(world->toy, world->toy.x()),
          .owner = world,
          .add_theory = [world](const StudyCell& cell, const EstimatorChoice& choice, Row& row) {
            add_toy_theory(world->toy, cell, choice, row);
          }};
}

Subject linear_gaussian_subject(std::int64_t batch, std::uint64_t seed, bool anew) {
  struct World {
    ParameterStore store;
    LinearGaussianModel model{store, golden_linear_gaussian().parameters()};
  };
  const auto world = std::make_shared<World>();
  world->store.freeze(0);
  const Tensor x = world->model.data(batch, seed);
  Subject subject{
      .name = "world linear-gaussian", .model = of_all(world->model, x), .owner = world};
  if (anew) {
    subject.model.anew = fresh_data(world->model);
    return subject;  // the moments below are those at fixed data
  }
  subject.add_theory = [world, x](const StudyCell& cell, const EstimatorChoice& choice, Row& row) {
    add_linear_theory(world->model, cell, choice, x, row);
  };
  return subject;
}

std::optional<double> slope_theory(const Slope& slope) {
  if (slope.estimator.find('+') != std::string::npos) return std::nullopt;  // coupled noise
  if (slope.axis == Axis::k) return 0.5;
  if (slope.bound != "iw") return std::nullopt;
  const bool phi = slope.group == "phi" || slope.group.starts_with("encoder");
  const bool theta = slope.group == "theta" || slope.group.starts_with("decoder");
  if (theta && slope.estimator.find("piwae") == std::string::npos) return 0.5;
  if (!phi) return std::nullopt;
  if (slope.estimator == "reparam") return -0.5;
  // Of stl and wake-phi because they are biased: their mean does not vanish.
  for (const char* name : {"dreg", "stl", "wake_sleep(wake=1)", "rws_dreg"}) {
    if (slope.estimator == name) return 0.5;
  }
  return std::nullopt;
}

}  // namespace nelbo::gradvar
