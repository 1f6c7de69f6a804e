#include "lab/studies/study_cell.hpp"

#include <algorithm>

#include "lab/studies/objective_draw.hpp"
#include "lab/studies/recorded_draw.hpp"

namespace nelbo::gradvar {

std::int64_t StudyCell::samples() const {
  return bound() ? bound()->samples() : objective()->samples();
}

std::string StudyCell::title() const {
  return bound() ? on_samples(*bound(), bound()->text(), coupling) : label;
}

bool StudyCell::unbiased(const EstimatorChoice& choice, bool encoder) const {
  if (!encoder) return choice.theta.unbiased_for_decoder();
  if (bound()) return choice.phi.unbiased(*bound());
  const std::vector<Term::Part> parts = objective()->parts();
  return std::all_of(parts.begin(), parts.end(), [&](const Term::Part& part) {
    if (!part.quantity.bound) return true;
    // Inside a function, the function's slope is of the same samples.
    return choice.phi.unbiased(*part.quantity.bound) && (part.weight || choice.plain());
  });
}

std::unique_ptr<ReplicateSource> source_of(const StudyModel& model, const StudyCell& cell) {
  if (cell.bound()) {
    return std::make_unique<RecordedDraw>(model, *cell.bound(), cell.estimators, cell.coupling);
  }
  return std::make_unique<ObjectiveDraw>(model, *cell.objective(), cell.estimators);
}

}  // namespace nelbo::gradvar
