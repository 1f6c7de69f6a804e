#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "autodiff/coupled_noise.hpp"
#include "lab/studies/replicate_source.hpp"
#include "lab/studies/study_model.hpp"
#include "objectives/algebra/term.hpp"
#include "objectives/bounds/bound.hpp"
#include "objectives/estimators/choice.hpp"

namespace nelbo::gradvar {

/// A bound or an objective on a draw, with the estimators that are compared on it.
struct StudyCell {
  std::string label;  // the bound's name without m, "iw", "iw on antithetic pairs"; the objective
  std::variant<Bound, Term> of;  // a bound of k groups of m samples, or an objective
  std::int64_t m = 1, k = 1;
  Coupling coupling = Coupling::independent;
  std::vector<EstimatorChoice> estimators;
  std::size_t reported = 0;   // so many of them, the first
  std::size_t reference = 0;  // one of them
  CodeSpace codes = {};       // the model's

  /// Null for an objective.
  const Bound* bound() const { return std::get_if<Bound>(&of); }
  /// Null for a bound.
  const Term* objective() const { return std::get_if<Term>(&of); }
  /// Draws of z per datum.
  std::int64_t samples() const;
  /// The bound with its samples, "iw(m=8) on antithetic pairs", or the objective.
  std::string title() const;
  /// Whether an estimator of the cell is right on average for phi, or for all other groups, by
  /// construction.
  bool unbiased(const EstimatorChoice& choice, bool encoder) const;
};

/// What draws the gradients of a cell. The model must outlive it.
std::unique_ptr<ReplicateSource> source_of(const StudyModel& model, const StudyCell& cell);

}  // namespace nelbo::gradvar
