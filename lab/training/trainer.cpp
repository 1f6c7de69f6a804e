#include "lab/training/trainer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "autodiff/random_variables.hpp"
#include "autodiff/setting_error.hpp"
#include "lab/data/data_entropy.hpp"
#include "lab/training/checkpoint.hpp"
#include "objectives/language/expression.hpp"
#include "objectives/language/read_estimators.hpp"

namespace nelbo {
namespace {

OptimizerConfig optimizer_config(const std::string& name) {
  OptimizerConfig config;
  if (name == "adam")
    config.rule = OptimizerConfig::Rule::adam;
  else if (name == "adamw") {
    config.rule = OptimizerConfig::Rule::adamw;
    config.weight_decay = 1e-2;  // Loshchilov and Hutter's default
  } else if (name == "sgd")
    config.rule = OptimizerConfig::Rule::sgd;
  else
    throw Error("--optimizer '" + name + "' is unknown");
  return config;
}

/// FactorVAE's critic learns with momentum 0.5 and a rate of its own; Kim and Mnih (2018),
/// appendix A.
constexpr double critic_lr = 1e-4;
OptimizerConfig critic_config() { return {.beta1 = 0.5, .beta2 = 0.9}; }

/// The running mean of L keeps nine tenths of itself at each step; the network learns as the model
/// does by default.
constexpr double mean_baseline_lr = 0.1, learned_baseline_lr = 1e-3;

OptimizerConfig baseline_config(Estimator::Baseline kind) {
  if (kind == Estimator::Baseline::learned) return {};
  return {.rule = OptimizerConfig::Rule::sgd};
}

double baseline_lr(Estimator::Baseline kind) {
  return kind == Estimator::Baseline::learned ? learned_baseline_lr : mean_baseline_lr;
}

std::vector<Range> model_ranges(const ParameterStore& store) {
  std::vector<Range> ranges;
  for (const std::string& group : model_groups(store)) ranges.push_back(store.range(group));
  return ranges;
}

/// The objective, once it is known to be defined for the batches that the data give.
Term checked_objective(const TrainConfig& config, std::size_t examples, std::int64_t latent,
                       bool data_entropy) {
  const PosteriorConfig family = parse_posterior(config.posterior);
  const EstimatorChoice estimators = parse_estimators(config.estimator);
  if (const std::string why = estimators.unfit(family, latent * family.width()); !why.empty()) {
    throw UsageError("--estimator " + why);
  }
  const Term objective = parse_objective(config.objective);
  const std::size_t batch = std::min(std::size_t(config.batch), examples);
  Setting setting{std::int64_t(batch), std::int64_t(examples), latent,
                  has_exact_div(prior_of(config)), data_entropy};
  check_objective(objective, config.objective, setting);
  const std::size_t rest = examples % batch;
  if (rest == 0) return objective;
  setting.batch = std::int64_t(rest);
  try {
    check_objective(objective, config.objective, setting);
  } catch (const Error& error) {
    throw UsageError(
        fmt::format("--batch {} leaves a last batch of {} of {} examples; take another "
                    "size\n{}",
                    batch, rest, examples, error.what()));
  }
  return objective;
}

}  // namespace

NotFinite::NotFinite(const std::string& op, std::uint64_t step)
    : Error("training: step " + std::to_string(step) +
            " gave a number that is not finite; first in '" + op + "'. A smaller --lr often helps"),
      op_(op) {}

Trainer::Trainer(const TrainConfig& config, const data::Dataset& data)
    : config_(config),
      train_(data, data.split("train"), data::parse_binarize(config.binarize),
             Examples::Role::train, config.seed),
      test_(data, data.split("test"), data::parse_binarize(config.binarize), Examples::Role::test,
            config.seed),
      objective_(parse_objective(config.objective)),
      estimators_(parse_estimators(config.estimator)),
      networks_(make_networks(config, data.example_shape(), train_.moments(), store_)),
      optimizer_(
          std::make_unique<Optimizer>(optimizer_config(config.optimizer), model_ranges(store_))),
      gradient_(store_),
      order_(train_.count()) {
  if (objective_.needs(&Quantity::data_entropy) && config.binarize != "dynamic") {
    entropy_ = data_entropy(train_, networks_.model->config().likelihood);
  }
  objective_ =
      checked_objective(config, train_.count(), networks_.model->latent(), entropy_.has_value());
  const std::size_t batch = std::min(std::size_t(config.batch), train_.count());
  full_ = record(batch);
  if (train_.count() % batch != 0) partial_ = record(train_.count() % batch);
  for (std::size_t i = 1; i < full_->parts().size(); ++i) other_gradients_.emplace_back(store_);
  evaluator_ = std::make_unique<Evaluator>(networks_, store_, objective_, estimators_, batch, test_,
                                           config.seed);
  if (networks_.critic) {
    critic_gradient_.emplace(store_);
    critic_optimizer_ = std::make_unique<Optimizer>(
        critic_config(), std::vector<Range>{store_.range(Critic::group)});
  }
  if (networks_.baseline) {
    baseline_gradient_.emplace(store_);
    baseline_optimizer_ =
        std::make_unique<Optimizer>(baseline_config(estimators_.phi.properties().baseline),
                                    std::vector<Range>{store_.range(Baseline::group)});
  }
}

std::unique_ptr<RecordedBatch> Trainer::record(std::size_t batch) const {
  return std::make_unique<RecordedBatch>(
      networks_, store_, objective_, estimators_,
      Population{.size = std::int64_t(train_.count()), .entropy = entropy_}, batch, true);
}

std::uint64_t Trainer::batches_per_epoch() const {
  return (train_.count() + full_->batch() - 1) / full_->batch();
}

void Trainer::begin_epoch() {
  if (order_epoch_ == state_.epoch) return;
  fill_permutation(order_.data(), order_.size(), random_variables::order.of(config_.seed),
                   state_.epoch);
  order_epoch_ = state_.epoch;
}

/// The gradient of the cost; what may move fewer parameters than the rest has a pass of its own.
void Trainer::backward(RecordedBatch& batch) {
  const auto& parts = batch.parts();
  // A pass writes the groups that it may move; others would keep the last step's gradient.
  if (parts.size() > 1) gradient_.clear();
  batch.tape().backward(parts.front().cost, parts.front().groups, gradient_);
  for (std::size_t i = 1; i < parts.size(); ++i) {
    GradientSink& part = other_gradients_[i - 1];
    batch.tape().backward(parts[i].cost, parts[i].groups, part);
    gradient_.add(part);
  }
}

void Trainer::step() {
  if (epoch_ended()) throw Error("trainer: step() after the end of an epoch; close_epoch() first");
  begin_epoch();
  const std::size_t first = state_.batch * full_->batch();
  const auto rows = std::span<const std::uint32_t>(order_).subspan(
      first, std::min(full_->batch(), order_.size() - first));
  RecordedBatch& batch = rows.size() == full_->batch() ? *full_ : *partial_;

  train_.fill(batch.x(), rows, state_.step);
  batch.fill_noise(random_variables::training, config_.seed, state_.step, rows);
  batch.fill_schedules(state_.step);
  batch.tape().forward();
  if (!std::isfinite(batch.cost_value())) {
    throw NotFinite(batch.tape().first_non_finite(), state_.step + 1);
  }
  backward(batch);
  const double norm = optimizer_->gradient_norm(gradient_.data());
  if (!std::isfinite(norm)) throw NotFinite("gradient", state_.step + 1);
  if (critic_optimizer_) {
    // Before the encoder moves: both gradients are those of the parameters as they were.
    batch.tape().backward(*batch.critic_loss(), store_.groups({Critic::group}), *critic_gradient_);
    critic_optimizer_->step(store_.data(), critic_gradient_->data(), critic_lr);
  }
  if (baseline_optimizer_) {
    batch.tape().backward(*batch.baseline_loss(), store_.groups({Baseline::group}),
                          *baseline_gradient_);
    baseline_optimizer_->step(store_.data(), baseline_gradient_->data(),
                              baseline_lr(estimators_.phi.properties().baseline));
  }
  optimizer_->step(store_.data(), gradient_.data(), config_.lr);

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

std::vector<NamedOptimizer> Trainer::optimizers() const {
  std::vector<NamedOptimizer> all{{"optimizer", optimizer_.get()}};
  if (critic_optimizer_) all.push_back({"critic_optimizer", critic_optimizer_.get()});
  if (baseline_optimizer_) all.push_back({"baseline_optimizer", baseline_optimizer_.get()});
  return all;
}

void Trainer::save(const std::string& path) const {
  save_checkpoint(path, store_, optimizers(), state_);
}

void Trainer::load(const std::string& path) {
  load_checkpoint(path, store_, optimizers(), state_);
  state_.sums.sums.terms.resize(objective_.quantities().size());
  if (state_.batch >= batches_per_epoch()) {
    throw Error(path + ": batch " + std::to_string(state_.batch) + " of an epoch of " +
                std::to_string(batches_per_epoch()) + "; it belongs to other data");
  }
}

}  // namespace nelbo
