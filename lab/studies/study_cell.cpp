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
  const GradientRule& phi = choice.phi.rule();
  if (!encoder) return choice.theta.rule().unbiased_for_decoder();
  if (bound()) return choice.phi.unbiased(*bound());
  const std::vector<Term::Part> parts = objective()->parts();
  return std::all_of(parts.begin(), parts.end(), [&](const Term::Part& part) {
    const Quantity& quantity = part.quantity;
    const bool mean = !codes.differentiable() && quantity.sampled;
    if (!quantity.bound && !mean) return true;
    const bool right =
        quantity.bound ? choice.phi.unbiased(*quantity.bound) : phi.bias_of_expectations().empty();
    // Inside a function, the function's slope is of the same samples.
    return right && (part.weight || choice.plain() || phi.exact(codes));
  });
}

std::unique_ptr<ReplicateSource> source_of(const StudyModel& model, const StudyCell& cell) {
  if (cell.bound()) {
    return std::make_unique<RecordedDraw>(model, *cell.bound(), cell.estimators, cell.coupling);
  }
  return std::make_unique<ObjectiveDraw>(model, *cell.objective(), cell.estimators);
}

}  // namespace nelbo::gradvar
