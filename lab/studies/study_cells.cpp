#include "lab/studies/study_cells.hpp"

#include <algorithm>
#include <optional>
#include <utility>
#include <variant>

#include "autodiff/setting_error.hpp"
#include "lab/studies/objective_draw.hpp"
#include "objectives/algebra/unfit.hpp"
#include "objectives/bounds/bounds.hpp"
#include "objectives/estimators/estimators.hpp"
#include "objectives/language/expression.hpp"
#include "objectives/language/read_estimators.hpp"
#include "objectives/terms/bound_terms.hpp"

namespace nelbo::gradvar {
namespace {

/// The bound that an expression, or a name that takes m, stands for.
Bound bound_of(const std::string& name, const std::string& expression) {
  std::string why;
  try {
    const Term term = parse_objective(expression);
    const std::optional<Bound> bound = term.bound();
    if (bound && term.parts().front().weight->number() == 1.0) return *bound;  // and no multiple
  } catch (const ExpressionError& error) {
    why = " (" + error.reason() + ")";
  }
  throw SettingError("bounds", "'" + name + "' is no bound on sampled log-weights" + why +
                                   "; there are elbo, iw, ciwae(beta=0.05), renyi(alpha=0.5), ...");
}

/// A bound of one group with its number of samples, and its name without that: "ciwae(beta=0.05)".
struct SizedBound {
  std::string name;
  Bound bound;
};

std::vector<SizedBound> sized_bounds(const StudyPlan& plan) {
  std::vector<SizedBound> all;
  const auto add = [&](const Bound& bound) { all.push_back({bound.inner().family(), bound}); };
  for (const std::string& text : split_at_commas(plan.bounds)) {
    if (text == "elbo") {
      add(bounds::elbo());
    } else if (text.find('(') != std::string::npos) {
      add(bound_of(text, text));
    } else {
      for (const std::int64_t m : plan.m) {
        // Of one sample every bound is the ELBO, which some refuse to be called.
        add(m == 1 && text != "iw" ? bounds::elbo()
                                   : bound_of(text, text + "(m=" + std::to_string(m) + ")"));
      }
    }
  }
  return all;
}

/// What an estimator lacks for a cell; empty if nothing.
std::string lacks(const EstimatorChoice& choice, const StudyCell& cell, const StudyModel& model) {
  const Term& objective = cell.objective() ? *cell.objective() : bound_term(*cell.bound());
  if (std::string why = unfit(choice, objective, model.model); !why.empty()) return why;
  using Baseline = Estimator::Baseline;
  for (const Auxiliary& own : choice.phi.rule().auxiliaries()) {
    if (choice.phi.baseline() == Baseline::mean) break;  // the study finds it
    if (model.auxiliaries && model.auxiliaries->find(own.group)) continue;
    return "its " + own.group + " is trained with its model; study a run of the estimator \"" +
           choice.phi.text() + "\"";
  }
  const std::vector<Quantity> all = objective.quantities();
  const auto bounds = std::count_if(
      all.begin(), all.end(), [](const Quantity& quantity) { return quantity.bound.has_value(); });
  if (bounds > 1 && choice.phi.baseline() == Baseline::mean) {
    return "its baseline follows the mean of one bound, and the objective holds several";
  }
  if (cell.bound()) return "";
  // The rest shows when it is recorded; what is the objective's fault is said of the whole cell.
  try {
    ObjectiveDraw(model, objective, {choice});
  } catch (const SettingError& error) {
    if (error.setting() == "estimator") return error.reason();
  } catch (const Error&) {
  }
  return "";
}

/// What a cell's estimators are compared with: the plan's reference, on coupled samples of discrete
/// codes, which score functions refuse, the exact ELBO or an estimator of the cell. Throws
/// SettingError where the reference is not defined.
EstimatorChoice reference_of(const EstimatorChoice& reference, const StudyCell& cell,
                             const StudyModel& model) {
  std::string why;
  const auto coupled = [&](EstimatorChoice choice) {
    choice.coupling = cell.coupling;
    const std::string lacking = lacks(choice, cell, model);
    if (why.empty()) why = lacking;
    return lacking.empty() ? std::optional(choice) : std::nullopt;
  };
  if (const auto own = coupled(reference)) return *own;
  if (!model.model.codes().differentiable() && cell.coupling != Coupling::independent) {
    if (const auto exact = coupled(estimators::enumeration())) return *exact;
    for (const EstimatorChoice& choice : cell.estimators) {
      if (const auto other = coupled(choice)) return *other;
    }
  }
  throw SettingError("reference", why);
}

/// The objective of a plan. Throws ExpressionError where it is not defined for the model and the
/// data, and SettingError for a network that the model was not trained with.
Term objective_of(const StudyPlan& plan, const StudyModel& model) {
  const Term objective = parse_objective(plan.objective);
  check_objective(objective, plan.objective,
                  {.batch = model.batch(),
                   .data_size = model.population.size,
                   .latent = model.model.codes().variables,
                   .exact_div = has_exact_div(model.model),
                   .data_entropy = model.population.entropy.has_value()});
  for (const Quantity& quantity : objective.quantities()) {
    for (const Auxiliary& own : quantity.auxiliaries) {
      if (model.auxiliaries && model.auxiliaries->find(own.group)) continue;
      throw SettingError("objective", "'" + quantity.name + "' needs a " + own.group +
                                          " network that was trained with the model; study a run "
                                          "of an objective that holds it");
    }
  }
  return objective;
}

/// A bound or an objective that is to be studied, with its own name and numbers of samples.
struct Studied {
  std::string name;
  std::variant<Bound, Term> of;
  std::int64_t m, k;

  std::string label(Coupling coupling) const {
    if (const Bound* bound = std::get_if<Bound>(&of)) return on_samples(*bound, name, coupling);
    // Of a mean over single samples nothing else becomes of coupled ones.
    for (const Quantity& quantity : std::get<Term>(of).quantities()) {
      if (!quantity.bound) continue;
      std::string coupled = on_samples(*quantity.bound, name, coupling);
      if (coupled != name) return coupled;
    }
    return name;
  }
};

std::vector<Studied> studied_of(const StudyPlan& plan, const StudyModel& model) {
  if (!plan.objective.empty()) {
    const Term objective = objective_of(plan, model);
    const std::optional<Bound> bound = objective.bound();
    return {{objective.text(), objective, bound ? bound->inner().samples() : objective.samples(),
             bound ? bound->groups() : 1}};
  }
  std::vector<Studied> all;
  for (const SizedBound& sized : sized_bounds(plan)) {
    for (const std::int64_t copies : plan.k) {
      const std::int64_t own = sized.bound.groups(), k = copies * own;
      const std::int64_t m = sized.bound.inner().samples();
      if (k > most_samples / m) {
        throw SettingError("k", std::to_string(k) + " groups of m = " + std::to_string(m) +
                                    ": at most " + std::to_string(most_samples) +
                                    " samples per datum are possible");
      }
      const Bound bound = k == 1 ? sized.bound.inner() : bounds::mc(k, sized.bound.inner());
      all.push_back({sized.name, bound, m, k});
    }
  }
  return all;
}

/// The cell of one kind of noise, without its reference; estimators that are not defined become rows
/// that say why.
StudyCell cell_of(const Studied& studied, Coupling coupling,
                  const std::vector<EstimatorChoice>& estimators, const StudyModel& model,
                  std::vector<Row>& undefined) {
  StudyCell cell{.label = studied.label(coupling),
                 .of = studied.of,
                 .m = studied.m,
                 .k = studied.k,
                 .coupling = coupling,
                 .estimators = {},
                 .codes = model.model.codes()};
  for (const EstimatorChoice& choice : estimators) {
    if (choice.coupling != coupling) continue;
    const std::string why = lacks(choice, cell, model);
    if (why.empty()) {
      cell.estimators.push_back(choice);
      continue;
    }
    undefined.push_back({.bound = cell.label,
                         .estimator = choice.text(),
                         .m = cell.m,
                         .k = cell.k,
                         .group = "phi",
                         .undefined = why});
  }
  cell.reported = cell.estimators.size();
  return cell;
}

}  // namespace

StudyCells plan_cells(const StudyPlan& plan, const StudyModel& model) {
  const auto estimators =
      read_setting("estimators", [&] { return parse_estimator_list(plan.estimators); });
  const auto reference =
      read_setting("reference", [&] { return parse_estimators(plan.reference); });
  StudyCells all;
  for (const Studied& studied : studied_of(plan, model)) {
    for (const Coupling coupling : {Coupling::independent, Coupling::antithetic, Coupling::rqmc}) {
      StudyCell cell = cell_of(studied, coupling, estimators, model, all.undefined);
      if (cell.reported == 0) continue;
      const EstimatorChoice of_cell = reference_of(reference, cell, model);
      const auto listed = std::find_if(
          cell.estimators.begin(), cell.estimators.end(),
          [&](const EstimatorChoice& choice) { return choice.text() == of_cell.text(); });
      cell.reference = std::size_t(listed - cell.estimators.begin());
      if (cell.reference == cell.reported) cell.estimators.push_back(of_cell);
      // What cannot be recorded is refused before the first replicate.
      if (cell.objective()) source_of(model, cell);
      all.cells.push_back(std::move(cell));
    }
  }
  return all;
}

}  // namespace nelbo::gradvar
