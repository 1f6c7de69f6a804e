#include "apps/gradvar/wanted.hpp"

#include <algorithm>
#include <memory>
#include <utility>

#include "autodiff/setting_error.hpp"
#include "lab/data/data_entropy.hpp"
#include "objectives/language/expression.hpp"
#include "objectives/language/read_estimators.hpp"

namespace nelbo::gradvar {
namespace {

/// H_data of the examples, where the objective asks for it.
std::optional<double> entropy_for(const std::string& objective, const LoadedRun& run,
                                  const Examples& examples) {
  const bool redrawn = run.config.binarize == "dynamic" && examples.split().name == "train";
  if (objective.empty() || redrawn) return std::nullopt;
  const Term term = parse_objective(objective);
  if (!term.needs(&Quantity::data_entropy)) return std::nullopt;
  return data_entropy(examples, *run.model);
}

constexpr const char* discrete_estimators =
    "score,rloo,vimco,arm,disarm,rebar(temperature=0.5, eta=1),gumbel_softmax,straight_through,"
    "enumeration";

constexpr const char* labelled_estimators = "enumeration,score";

/// What the model's codes allow; of an objective without bounds there is one way only.
std::string usual_estimators(const Model& model, const std::string& objective) {
  const CodeSpace codes = model.codes();
  if (codes.discrete()) return discrete_estimators;
  if (codes.labels > 0) return labelled_estimators;
  if (!codes.differentiable()) return "score,rloo,vimco";
  if (objective.empty()) return StudyPlan().estimators;
  const std::vector<Quantity> all = parse_objective(objective).quantities();
  const auto is_bound = [](const Quantity& quantity) { return quantity.bound.has_value(); };
  return std::any_of(all.begin(), all.end(), is_bound) ? StudyPlan().estimators : "reparam";
}

/// Puts one before the others where it is not among them.
void add_estimator(std::string& estimators, const std::string& one) {
  const std::string text = parse_estimators(one).text();
  const std::vector<EstimatorChoice> all = parse_estimator_list(estimators);
  const bool there = std::any_of(
      all.begin(), all.end(), [&](const EstimatorChoice& choice) { return choice.text() == text; });
  if (!there) estimators = one + "," + estimators;
}

/// A run at examples of a split, and its own objective unless another or bounds are wanted.
Wanted of_run(const Options& options) {
  const std::int64_t batch = options.batch.value_or(20);
  const auto applied = std::make_shared<AppliedRun>(apply_run(options.run, Part::networks));
  const LoadedRun& run = applied->run;
  const Examples& examples = applied->examples;
  if (std::size_t(batch) > examples.count()) {
    throw SettingError("batch", std::to_string(batch) + " of a split of " +
                                    std::to_string(examples.count()) + " examples");
  }
  StudyPlan plan;
  if (!options.bounds) {
    plan.objective = options.objective.value_or(run.config.objective);
    if (plan.objective.empty()) {
      throw SettingError("objective", run.name +
                                          " stands alone and does not say its own; name one, or "
                                          "--bounds");
    }
  }
  plan.estimators = usual_estimators(*run.model, plan.objective);
  if (!options.bounds && !options.objective) add_estimator(plan.estimators, run.config.estimator);
  StudyModel model{.model = *run.model,
                   .x = examples.some(std::size_t(batch), applied->seed),
                   .auxiliaries = &run.auxiliaries,
                   .population = {.size = std::int64_t(examples.count()),
                                  .entropy = entropy_for(plan.objective, run, examples)},
                   .time = run.time};
  if (options.resample) {
    model.anew = [applied](const Tensor& x, std::uint64_t seed, std::uint64_t r) {
      applied->examples.some_anew(x, seed, r);
    };
  }
  return {{.name = "run " + run.name, .model = model, .owner = applied}, plan};
}

Subject world_of(const Options& options) {
  for (const auto& [flag, value] :
       {std::pair{"data", options.run.data}, std::pair{"label", options.run.label},
        std::pair{"split", options.run.split}}) {
    if (!value.empty()) throw SettingError(flag, "is for --run; a world brings its own data");
  }
  if (options.world == "linear-gaussian") {
    const std::uint64_t seed = std::uint64_t(options.run.common.seed.value_or(0));
    return linear_gaussian_subject(options.batch.value_or(20), seed, options.resample);
  }
  const bool discrete = options.world == "discrete";
  if (options.resample) {
    throw SettingError("resample", std::string("the ") + (discrete ? "discrete" : "rainforth") +
                                       " world is all its data; there are no others to draw "
                                       "(--world linear-gaussian and --run have them)");
  }
  if (discrete) {
    if (options.batch) throw SettingError("batch", "the discrete world is all its data");
    return discrete_subject();
  }
  if (options.batch && *options.batch != 1) {
    throw SettingError("batch", "the Rainforth toy is one datum");
  }
  return rainforth_subject();
}

Wanted of_world(const Options& options) {
  const Subject subject = world_of(options);
  StudyPlan plan;
  plan.objective = options.objective.value_or("");
  plan.estimators = usual_estimators(subject.model.model, plan.objective);
  return {subject, plan};
}

void refuse_what_does_not_go_together(const Options& options) {
  if (options.bounds && options.objective) {
    throw SettingError("objective", "cannot be given with --bounds");
  }
  const bool run = !options.run.run.empty();
  if (run && !options.world.empty()) {
    throw SettingError("world", "cannot be given with --run");
  }
  if (!options.objective && (options.bounds || !run)) return;
  for (const auto& [flag, values] : {std::pair{"m", &options.m}, std::pair{"k", &options.k}}) {
    if (values->empty()) continue;
    throw SettingError(flag,
                       std::string("is for --bounds; an objective says its numbers of samples "
                                   "itself, as in \"iw(m=8)\" or \"miwae(k=2, m=4)\"") +
                           (options.objective ? "" : "; add --bounds elbo,iw"));
  }
}

}  // namespace

Wanted wanted(const Options& options) {
  refuse_what_does_not_go_together(options);
  Wanted wanted = options.run.run.empty() ? of_world(options) : of_run(options);
  StudyPlan& plan = wanted.plan;
  if (options.bounds) plan.bounds = *options.bounds;
  if (!options.m.empty()) plan.m = options.m;
  if (!options.k.empty()) plan.k = options.k;
  if (options.estimators) plan.estimators = *options.estimators;
  if (options.reference) {
    plan.reference = *options.reference;
  } else if (!wanted.subject.model.model.codes().differentiable()) {
    plan.reference = "score";
  }
  return wanted;
}

}  // namespace nelbo::gradvar
