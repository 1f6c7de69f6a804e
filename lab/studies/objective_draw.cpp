#include "lab/studies/objective_draw.hpp"

#include <algorithm>
#include <chrono>

#include "autodiff/dtype.hpp"
#include "autodiff/ops.hpp"
#include "lab/training/replay_by_size.hpp"
#include "objectives/estimators/baseline.hpp"

namespace nelbo::gradvar {
namespace {

/// Whether the groups besides the encoder's get the bound's own derivatives.
bool plain_decoder(const EstimatorChoice& choice, const Model& model) {
  return choice.phi.rule().samples_decoder(model) && choice.theta.rule().samples_decoder(model);
}

void negate(const Tensor& gradient) {
  dispatch(gradient.dtype(), [&](auto type) {
    using T = decltype(type);
    T* const g = gradient.data_as<T>();
    for (std::int64_t i = 0; i < gradient.size(); ++i) g[i] = -g[i];
  });
}

}  // namespace

ObjectiveDraw::ObjectiveDraw(const StudyModel& model, const Term& objective,
                             const std::vector<EstimatorChoice>& estimators)
    : model_(with_own_data(model)),
      gain_(objective.direction() == Direction::gain),
      rows_(all_rows(std::size_t(model.batch()))) {
  const std::vector<Quantity> quantities = objective.quantities();
  for (std::size_t i = 0; i < quantities.size() && !bound_; ++i) {
    if (quantities[i].bound) bound_ = i;
  }
  std::optional<std::size_t> plain;
  for (std::size_t i = 0; i < estimators.size(); ++i) {
    Part& part = parts_.emplace_back(model.model.store());
    record(part, objective, estimators[i]);
    const bool shared = plain_decoder(estimators[i], model.model);
    if (shared && !plain) plain = i;
    part.decoder = shared ? *plain : i;
  }
}

void ObjectiveDraw::record(Part& part, const Term& objective, const EstimatorChoice& estimators) {
  if (model_.auxiliaries) part.auxiliaries = *model_.auxiliaries;
  if (estimators.phi.baseline() == Estimator::Baseline::mean) {
    // Of a model that stands still it is a number, which find_mean_baseline() measures.
    part.auxiliaries.place({.group = baseline_group}, [&part, type = model_.x.dtype()](Var x) {
      part.mean_baseline = Tape::current().leaf({1}, type);
      return broadcast_to(*part.mean_baseline, {x.shape()[0]});
    });
  }
  part.batch.emplace(model_.model, part.auxiliaries, objective, estimators, model_.population,
                     rows_.size(), RecordedBatch::Use::study);
  part.batch->x().copy_from(model_.x);
  for (std::size_t i = 1; i < part.batch->parts().size(); ++i) {
    part.others.emplace_back(model_.model.store());
  }
}

void ObjectiveDraw::set_mean_baseline(double mean) {
  for (Part& part : parts_) {
    if (part.mean_baseline) part.batch->tape().data(*part.mean_baseline).set({0}, mean);
  }
}

void ObjectiveDraw::replicate(const DrawVariables& of, std::uint64_t seed, std::uint64_t r) {
  using Clock = std::chrono::steady_clock;
  if (model_.anew) model_.anew(model_.x, seed, r);
  const Moment moment{of, seed, r, rows_, model_.time};
  for (Part& part : parts_) {
    if (model_.anew) part.batch->x().copy_from(model_.x);
    const Clock::time_point start = Clock::now();
    part.batch->fill(moment);
    part.batch->tape().forward();
    part.batch->backward(part.gradient, part.others);
    if (gain_) negate(part.gradient.buffer());
    part.seconds += std::chrono::duration<double>(Clock::now() - start).count();
  }
  if (!bound_) return;
  // Some estimators report another bound's value; those with a baseline do not.
  const auto asks = std::find_if(parts_.begin(), parts_.end(),
                                 [](const Part& part) { return part.mean_baseline.has_value(); });
  Part& part = asks == parts_.end() ? parts_.front() : *asks;
  value_ = part.batch->metrics().terms[*bound_];
}

}  // namespace nelbo::gradvar
