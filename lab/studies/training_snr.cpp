#include "lab/studies/training_snr.hpp"

#include <algorithm>

#include "autodiff/setting_error.hpp"
#include "autodiff/threads.hpp"
#include "lab/training/trainer.hpp"
#include "objectives/bounds/bounds.hpp"
#include "objectives/estimators/estimators.hpp"

namespace nelbo::gradvar {
namespace {

StudyCell cell_of(const Trainer& trainer) {
  const Term& objective = trainer.objective();
  EstimatorChoice estimators = trainer.estimators();
  std::optional<Bound> bound = objective.bound();
  if (!bound && objective.text() == "elbo" && estimators.plain()) {
    bound = bounds::elbo();
    const Coupling coupling = estimators.coupling;
    estimators = estimators::reparam_exact_div();
    estimators.coupling = coupling;
  }
  if (!bound) {
    throw SettingError("log_gradient_snr",
                       "is for an objective that is a bound (elbo, iw(m), ...); '" +
                           objective.text() + "' is not one");
  }
  return {.label = objective.text(),
          .of = *bound,
          .m = bound->inner().samples(),
          .k = bound->groups(),
          .coupling = estimators.coupling,
          .estimators = {estimators},
          .reported = 1,
          .reference = 0};
}

}  // namespace

TrainingSnr::TrainingSnr(const Trainer& trainer)
    : trainer_(trainer),
      model_{trainer.model(),
             trainer.train_examples().some(std::min(examples, trainer.train_examples().count()),
                                           trainer.config().seed),
             &trainer.auxiliaries()},
      cell_(cell_of(trainer)) {
  const std::string why = cell_.estimators[0].phi.rule().lacks(model_.model);
  if (!why.empty()) {
    throw SettingError("log_gradient_snr", why + "; with this prior write the objective elbo(mc)");
  }
}

std::vector<Row> TrainingSnr::measure() const {
  std::vector<Row> rows = run_replicates(
      model_, cell_,
      {.replicates = replicates, .seed = trainer_.config().seed, .workers = num_threads()});
  const auto is_layer = [](const Row& row) { return row.group.find('.') != std::string::npos; };
  std::erase_if(rows, is_layer);
  return rows;
}

}  // namespace nelbo::gradvar
