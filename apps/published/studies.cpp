#include "apps/published/studies.hpp"

#include <fmt/format.h>

#include <cmath>
#include <functional>
#include <numeric>
#include <utility>

#include "apps/cli/progress_line.hpp"
#include "apps/cli/signals.hpp"
#include "autodiff/error.hpp"
#include "autodiff/optimizer.hpp"
#include "autodiff/threads.hpp"
#include "lab/studies/slopes.hpp"
#include "lab/studies/study_cells.hpp"
#include "lab/studies/subject.hpp"
#include "lab/training/recorded_batch.hpp"
#include "models/worlds/bernoulli_toy.hpp"
#include "objectives/estimators/estimators.hpp"
#include "objectives/language/expression.hpp"
#include "objectives/language/read_estimators.hpp"

namespace nelbo {
namespace {

using namespace gradvar;
using verify::Check;
using Checks = std::optional<std::vector<Check>>;

/// What a study goes by.
struct Course {
  std::uint64_t replicates;
  std::uint64_t seed;
  bool quiet;
};

/// The rows of a plan's cells; nothing where a signal came.
std::optional<std::vector<Row>> rows_of(
    const StudyModel& model, const StudyPlan& plan, const Course& course,
    const std::function<void(const StudyCell&, std::vector<Row>&)>& add_theory,
    const std::function<void(const MeanGradient&)>& gradient = {}) {
  const StudyCells planned = plan_cells(plan, model);
  ProgressLine progress("study", progress_style(course.quiet));
  double all = 0, done = 0;
  for (const StudyCell& cell : planned.cells) all += double(cell.samples());
  std::vector<Row> rows;
  for (const StudyCell& cell : planned.cells) {
    const double work = double(cell.samples());
    std::vector<Row> some = run_replicates(
        model, cell,
        {.replicates = course.replicates,
         .seed = course.seed,
         .workers = num_threads(),
         .progress = [&](double share) { progress.update((done + share * work) / all); },
         .gradient = gradient,
         .stop = [] { return pending_signal() != 0; }});
    if (pending_signal() != 0) return std::nullopt;
    add_theory(cell, some);
    rows.insert(rows.end(), some.begin(), some.end());
    done += work;
  }
  return rows;
}

/// Slopes of the encoder's signal-to-noise ratio, and the variances of the ELBO's gradients.
Checks rainforth(const Course& course) {
  const Subject subject = rainforth_subject();
  const StudyPlan plan{.bounds = "elbo,iw", .estimators = "reparam,stl,dreg", .m = {16, 64, 256}};
  const auto rows =
      rows_of(subject.model, plan, course, [&](const StudyCell& cell, std::vector<Row>& some) {
        for (Row& row : some) {
          for (const EstimatorChoice& choice : cell.estimators) {
            if (choice.text() == row.estimator) subject.add_theory(cell, choice, row);
          }
        }
      });
  if (!rows) return std::nullopt;
  std::vector<Check> checks;
  for (const Slope& slope : slopes_of(*rows)) {
    if (slope.bound != "iw" || slope.axis != Axis::m) continue;
    const bool first = slope.estimator == "reparam" && slope.group == "phi";
    const auto theory = slope_theory(slope);
    if ((slope.group != "phi" && slope.group != "theta") || !theory) continue;
    Check check{
        .name = fmt::format("slope of log SNR over log m, {}, {}", slope.group, slope.estimator),
        .value = slope.slope,
        .se = slope.se,
        .expected = *theory,
        .remark = "as m grows"};
    checks.insert(first ? checks.begin() : checks.end(), std::move(check));
  }
  for (const Row& row : *rows) {
    if (!row.exact || std::isnan(row.exact->variance) || row.group.find('.') != std::string::npos) {
      continue;
    }
    checks.push_back(
        {.name = fmt::format("variance of the elbo's gradient, {}, {}", row.group, row.estimator),
         .value = row.variance.mean,
         .se = row.variance.standard_error,
         .expected = row.exact->variance});
  }
  return checks;
}

/// Lets one of an estimator's auxiliaries learn beside a toy that stands still.
void learn(const BernoulliToy& toy, const Auxiliaries& auxiliaries, const Auxiliary& own,
           const char* estimator, ParameterStore& store, std::uint64_t seed) {
  constexpr std::uint32_t batch = 100, steps = 2000;
  RecordedBatch recorded(toy, auxiliaries, parse_objective("mc(k=2)"), parse_estimators(estimator),
                         {.size = batch}, batch, RecordedBatch::Use::study);
  Optimizer optimizer(own.optimizer, {store.range(own.group)}, store.dtype(), store.tensors());
  GradientSink gradient(store);
  std::vector<std::uint32_t> rows(batch);
  std::iota(rows.begin(), rows.end(), 0u);
  for (std::uint64_t step = 0; step < steps && pending_signal() == 0; ++step) {
    recorded.fill({random_variables::training, seed, step, rows});
    recorded.tape().forward();
    recorded.tape().backward(recorded.losses().at(own.group), store.groups({own.group}), gradient);
    optimizer.step(static_cast<void*>(store.data()), gradient.data(), own.rate);
  }
}

/// The mean gradients of every logit by estimators of discrete codes.
Checks bernoulli(const std::vector<double>& targets, const Course& course) {
  ParameterStore store(DType::f64);
  const BernoulliToy toy(store, targets, 0.0);
  Auxiliaries auxiliaries;
  const std::vector<Auxiliary> learners = estimators::relax().rule().auxiliaries();
  for (const Auxiliary& own : learners) auxiliaries.declare(own, store, toy);
  store.freeze(0);
  // rebar's numbers by themselves, and then the network beside them.
  learn(toy, auxiliaries, learners.front(), "rebar", store, course.seed);
  learn(toy, auxiliaries, learners.back(), "relax", store, course.seed);
  const StudyModel model{
      .model = toy, .x = toy.x(), .auxiliaries = &auxiliaries, .population = {.size = 1}};
  const StudyPlan plan{.bounds = "elbo",
                       .estimators = "disarm,arm,rloo,rebar,relax,score",
                       .k = {2},
                       .reference = "score"};
  std::vector<Check> checks;
  const auto keep = [&](const MeanGradient& gradient) {
    // That of disarm, which scatters least, is the first and the preset's own.
    const auto at = gradient.estimator == "disarm" ? checks.begin() : checks.end();
    std::vector<Check> some;
    for (std::size_t l = 0; l < targets.size(); ++l) {
      some.push_back({.name = fmt::format("gradient at t = {}, {}", targets[l], gradient.estimator),
                      .value = gradient.mean[l],
                      .se = gradient.standard_error[l],
                      .expected = toy.gradient(l)});
    }
    checks.insert(at, some.begin(), some.end());
  };
  const auto rows = rows_of(
      model, plan, course, [](const StudyCell&, std::vector<Row>&) {}, keep);
  if (!rows) return std::nullopt;
  return checks;
}

}  // namespace

std::optional<std::vector<Check>> run_study(const std::string& name, std::uint64_t seed,
                                            bool quiet) {
  if (name == "rainforth") return rainforth({100'000, seed, quiet});
  if (name == "rebar") return bernoulli({0.45, 0.499}, {200'000, seed, quiet});
  if (name == "yin-zhou") return bernoulli({0.49, 0.499, 0.501, 0.51}, {200'000, seed, quiet});
  throw Error("there is no study '" + name + "'");
}

}  // namespace nelbo
