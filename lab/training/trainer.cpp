#include "lab/training/trainer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "autodiff/random_variables.hpp"
#include "autodiff/setting_error.hpp"
#include "lab/data/data_entropy.hpp"
#include "lab/training/checkpoint.hpp"
#include "models/architectures/architecture.hpp"
#include "objectives/language/expression.hpp"

namespace nelbo {
namespace {

/// The objective, once it is known to be defined for the batches that the data give.
void check_objective_for(const TrainPlan& plan, std::size_t examples, const Model& model,
                         bool data_entropy) {
  const std::size_t batch = std::min(std::size_t(plan.config.batch), examples);
  Setting setting{std::int64_t(batch), std::int64_t(examples), model.codes().variables,
                  has_exact_div(model), data_entropy};
  check_objective(plan.objective, plan.config.objective, setting);
  const std::size_t rest = examples % batch;
  if (rest == 0) return;
  setting.batch = std::int64_t(rest);
  try {
    check_objective(plan.objective, plan.config.objective, setting);
  } catch (const Error& error) {
    throw SettingError(
        "batch", fmt::format("{} leaves a last batch of {} of {} examples; take another size\n{}",
                             batch, rest, examples, error.what()));
  }
}

/// The plan for examples of this shape, with the architecture's own values where none were given.
TrainPlan for_examples(TrainPlan plan, const data::Dataset& data) {
  TrainConfig& config = plan.config;
  config.example = data.example_shape();
  plan.model.example = Shape(std::span<const std::int64_t>(config.example));
  plan.model = resolve(plan.model);
  config.latent = plan.model.latent;
  config.hidden = plan.model.hidden;
  config.prior = plan.model.prior->text;
  return plan;
}

std::vector<Range> ranges_of(const ParameterStore& store, Groups groups) {
  std::vector<Range> ranges;
  for (const std::string& group : store.group_names()) {
    if ((store.groups({group}) & groups) != 0) ranges.push_back(store.range(group));
  }
  return ranges;
}

}  // namespace

NotFinite::NotFinite(const std::string& op, std::uint64_t step)
    : Error("training: step " + std::to_string(step) +
            " gave a number that is not finite; first in '" + op +
            "'. A smaller learning rate often helps"),
      op_(op) {}

Trainer::Trainer(const TrainPlan& plan, const data::Dataset& data)
    : plan_(for_examples(plan, data)),
      train_(data, data.split("train"), plan.binarize, Examples::Role::train, plan.config.seed),
      test_(data, data.split("test"), plan.binarize, Examples::Role::test, plan.config.seed),
      networks_(make_networks(plan_, train_.moments(), store_)),
      optimizer_(
          std::make_unique<Optimizer>(plan.optimizer, ranges_of(store_, networks_.groups()))),
      gradient_(store_),
      order_(train_.count()) {
  if (objective().needs(&Quantity::data_entropy) && plan.binarize != data::Binarize::dynamic) {
    entropy_ = data_entropy(train_, model());
  }
  check_objective_for(plan_, train_.count(), model(), entropy_.has_value());
  const std::size_t batch = std::min(std::size_t(config().batch), train_.count());
  recordings_ = std::make_unique<ReplayBySize<RecordedBatch>>(batch, [this](std::size_t rows) {
    return std::make_unique<RecordedBatch>(
        model(), networks_.auxiliaries, objective(), estimators(),
        Population{.size = std::int64_t(train_.count()), .entropy = entropy_}, rows, true);
  });
  // Both sizes now: what cannot be recorded is refused before the first step.
  const RecordedBatch& full = recordings_->of(batch);
  if (train_.count() % batch != 0) recordings_->of(train_.count() % batch);
  for (std::size_t i = 1; i < full.parts().size(); ++i) other_gradients_.emplace_back(store_);
  evaluator_ = std::make_unique<Evaluator>(networks_, objective(), estimators(), batch, test_,
                                           config().seed);
  for (const Auxiliary& auxiliary : networks_.auxiliaries.all()) {
    beside_.push_back({auxiliary,
                       std::make_unique<Optimizer>(
                           auxiliary.optimizer, std::vector<Range>{store_.range(auxiliary.group)}),
                       GradientSink(store_)});
  }
}

std::uint64_t Trainer::batches_per_epoch() const {
  return (train_.count() + recordings_->batch() - 1) / recordings_->batch();
}

void Trainer::begin_epoch() {
  if (order_epoch_ == state_.epoch) return;
  fill_permutation(order_.data(), order_.size(), random_variables::order.of(config().seed),
                   state_.epoch);
  order_epoch_ = state_.epoch;
}

void Trainer::step() {
  if (epoch_ended()) throw Error("trainer: step() after the end of an epoch; close_epoch() first");
  begin_epoch();
  const std::size_t size = recordings_->batch(), first = state_.batch * size;
  const auto rows =
      std::span<const std::uint32_t>(order_).subspan(first, std::min(size, order_.size() - first));
  RecordedBatch& batch = recordings_->of(rows.size());

  train_.fill(batch.x().data_as<float>(), rows, state_.step);
  batch.fill({random_variables::training, config().seed, state_.step, rows, state_.step});
  batch.tape().forward();
  if (!std::isfinite(batch.cost_value())) {
    throw NotFinite(batch.tape().first_non_finite(), state_.step + 1);
  }
  batch.backward(gradient_, other_gradients_);
  const double norm = optimizer_->gradient_norm(gradient_.data());
  if (!std::isfinite(norm)) throw NotFinite("gradient", state_.step + 1);
  // Before the model moves: all gradients are those of the parameters as they were.
  for (Beside& own : beside_) {
    const std::string& group = own.auxiliary.group;
    batch.tape().backward(batch.losses().at(group), store_.groups({group}), own.gradient);
    own.optimizer->step(store_.data(), own.gradient.data(), own.auxiliary.rate);
  }
  optimizer_->step(store_.data(), gradient_.data(), config().lr);

  rows_ = rows.size();
  state_.sums.add(batch.metrics(), rows.size());
  state_.gradient_norms += norm;
  ++state_.batch;
  ++state_.step;
}

bool Trainer::close_epoch(double held_out_bound) {
  const bool best = !state_.best || held_out_bound > *state_.best;
  if (best) state_.best = held_out_bound;
  ++state_.epoch;
  state_.batch = 0;
  state_.sums.clear();
  state_.gradient_norms = 0;
  return best;
}

void Trainer::fit(std::uint64_t epochs, const std::function<bool(const Epoch&)>& on_epoch) {
  for (std::uint64_t i = 0; i < epochs; ++i) {
    while (!epoch_ended()) step();
    Epoch report{.train = train_metrics(), .held_out = held_out()};
    report.best = close_epoch(report.held_out.bound);
    report.epoch = state_.epoch;
    if (!on_epoch(report)) return;
  }
}

std::vector<NamedOptimizer> Trainer::optimizers() const {
  std::vector<NamedOptimizer> all{{"optimizer", optimizer_.get()}};
  for (const Beside& own : beside_) {
    all.push_back({own.auxiliary.group + "_optimizer", own.optimizer.get()});
  }
  return all;
}

void Trainer::save(const std::string& path) const {
  save_checkpoint(path, model_toml(config()), auxiliaries(), store_, optimizers(), state_);
}

void Trainer::load(const std::string& path) {
  load_checkpoint(path, store_, optimizers(), state_);
  state_.sums.sums.terms.resize(objective().quantities().size());
  if (state_.batch >= batches_per_epoch()) {
    throw Error(path + ": batch " + std::to_string(state_.batch) + " of an epoch of " +
                std::to_string(batches_per_epoch()) + "; it belongs to other data");
  }
}

}  // namespace nelbo
