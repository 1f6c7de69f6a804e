#include "lab/training/recorded_batch.hpp"

#include <algorithm>

#include "autodiff/setting_error.hpp"
#include "objectives/terms/terms.hpp"

namespace nelbo {
namespace {

Groups mask_of(const ParameterStore& store, const std::vector<std::string>& only) {
  Groups mask = 0;
  for (const std::string& group : store.group_names()) {
    const bool named = std::find(only.begin(), only.end(), group) != only.end();
    const bool models = group != Critic::group && group != Baseline::group;
    if (only.empty() ? models : named) mask |= store.groups({group});
  }
  return mask;
}

/// Throws UsageError unless the objective holds a bound and its estimators are defined for each.
void check_estimators(const Term& objective, const EstimatorChoice& estimators) {
  int bounds = 0;
  for (const Quantity& quantity : objective.quantities()) {
    if (!quantity.bound) continue;
    try {
      estimators.check(*quantity.bound);
    } catch (const Error& error) {
      throw UsageError(std::string("--estimator: ") + error.what());
    }
    ++bounds;
  }
  if (bounds > 0) return;
  throw UsageError("--estimator: " + estimators.text() +
                   " is for bounds on sampled log-weights, and '" + objective.text() +
                   "' holds none; write elbo(mc) for the ELBO, or one of iw(m), mc(k, m), ...");
}

bool one_sweep(const Term& objective, const EstimatorChoice& estimators) {
  const std::optional<Bound> bound = objective.bound();
  return bound && estimators.one_sweep(*bound);
}

}  // namespace

RecordedBatch::RecordedBatch(const Networks& networks, const ParameterStore& store,
                             const Term& objective, const EstimatorChoice& estimators,
                             const Population& population, std::size_t batch, bool gradients)
    : tape_({.mode = Tape::Mode::replay, .gradients = gradients}),
      batch_(batch),
      model_(*networks.model),
      coupling_(estimators.coupling) {
  const Recording recording(tape_);
  x_ = tape_.leaf({std::int64_t(batch), model_.features()});
  noise_ = tape_.leaf({objective.samples(), std::int64_t(batch), model_.dimensions()});
  const Groups encoder = store.groups({"phi"});
  if (!estimators.plain() || estimators.coupling != Coupling::independent) {
    check_estimators(objective, estimators);
  }
  if (!estimators.plain()) {
    estimation_ = {estimators, encoder, networks.baseline.get(), one_sweep(objective, estimators)};
  }
  draw_.emplace(model_, x_, noise_, population, networks.critic.get(),
                estimation_ ? &*estimation_ : nullptr);
  Draw& draw = *draw_;

  const Term cost = objective.cost();
  const std::vector<Term::Addend> addends = cost.by_groups();
  for (const Term::Addend& addend : addends) {
    const Var part = addend.term(draw);
    const Groups groups = mask_of(store, addend.only);
    if (!estimation_ || estimation_->one_sweep) {
      parts_.push_back({part, groups});
      continue;
    }
    for (const Groups own : {groups & ~encoder, groups & encoder}) {
      if (own != 0) parts_.push_back({part, own});
    }
  }
  std::stable_sort(parts_.begin(), parts_.end(), [](const Part& a, const Part& b) {
    return __builtin_popcount(a.groups) > __builtin_popcount(b.groups);
  });
  cost_ = addends.size() == 1 ? parts_.front().cost : cost(draw);
  nell_ = nelbo::nell()(draw);
  const bool exact = has_exact_div(model_.config().prior);
  div_ = nelbo::div(exact ? Expectation::exact : Expectation::monte_carlo)(draw);
  for (const Reading& reading : objective.readings(draw)) terms_.push_back(reading.value);
  for (const Var& value : {cost_, nell_, div_}) tape_.keep(value);
  for (const Var& value : terms_) tape_.keep(value);
  metrics_.terms.resize(terms_.size());
  permutation_.resize(batch);
}

void RecordedBatch::fill_schedules(std::uint64_t step) {
  for (const Draw::ScheduledInput& input : draw_->scheduled_inputs()) {
    tape_.data(input.leaf).data_as<float>()[0] = float(input.schedule.at(step));
  }
}

void RecordedBatch::fill_noise(const DrawVariables& of, std::uint64_t seed, std::uint64_t step,
                               std::span<const std::uint32_t> rows) {
  const auto block = [&](const RandomVariable& variable) {
    return RandomBlock{.stream = variable.of(seed), .step = step, .datum = rows.data()};
  };
  model_.fill_noise(tape_.data(noise_), block(of.z), coupling_);
  if (const auto& prior = draw_->prior_noise_input()) {
    RandomBlock normal = block(of.prior);
    normal.batch = rows.size();
    normal.dimensions = std::size_t(prior->shape()[-1]);
    fill_normal(tape_.data(*prior).data_as<float>(), normal);
  }
  if (const auto& dream = draw_->dream_noise_input()) {
    const Shape shape{1, std::int64_t(batch_), model_.features()};
    nelbo::fill_noise(model_.data_noise(), tape_.data(*dream).reshape(shape), block(of.dream));
  }
  if (const auto& permuted = draw_->permutation_input()) {
    std::int32_t* const index = tape_.data(*permuted).data_as<std::int32_t>();
    const std::size_t latent = std::size_t(draw_->latent());
    for (std::size_t d = 0; d < latent; ++d) {
      fill_permutation(permutation_.data(), batch_, of.permutations.of(seed, d), step);
      for (std::size_t b = 0; b < batch_; ++b) {
        index[b * latent + d] = std::int32_t(permutation_[b] * latent + d);
      }
    }
  }
}

const Metrics& RecordedBatch::metrics() {
  metrics_.nell = nell_.item();
  metrics_.div = div_.item();
  metrics_.bound = -cost_.item();
  for (std::size_t i = 0; i < terms_.size(); ++i) metrics_.terms[i] = terms_[i].item();
  return metrics_;
}

}  // namespace nelbo
