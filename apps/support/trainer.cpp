#include "apps/support/trainer.hpp"

#include <algorithm>
#include <cmath>

#include "apps/support/checkpoint.hpp"
#include "autodiff/random.hpp"
#include "objectives/expression.hpp"

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

std::vector<Range> all_ranges(const ParameterStore& store) {
  std::vector<Range> ranges;
  for (const std::string& group : store.group_names()) ranges.push_back(store.range(group));
  return ranges;
}

std::unique_ptr<RecordedBatch> last_batch_of(const Vae& model, const Term& objective,
                                             std::size_t examples, std::size_t batch) {
  if (examples % batch == 0) return nullptr;
  return std::make_unique<RecordedBatch>(model, objective, examples % batch, true);
}

}  // namespace

std::unique_ptr<Vae> make_model(const TrainConfig& config, const std::vector<std::int64_t>& example,
                                const DataMoments& moments, ParameterStore& store) {
  VaeConfig wanted;
  wanted.architecture = config.model;
  wanted.example = Shape(std::span<const std::int64_t>(example));
  wanted.latent = config.latent;
  wanted.hidden = config.hidden;
  wanted.likelihood = parse_likelihood(config.likelihood);
  auto model = std::make_unique<Vae>(wanted, moments, store);
  store.freeze(config.seed);
  return model;
}

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
      model_(make_model(config, data.example_shape(), train_.moments(), store_)),
      optimizer_(optimizer_config(config.optimizer), all_ranges(store_)),
      gradient_(store_),
      full_(*model_, objective_, std::min(std::size_t(config.batch), train_.count()), true),
      partial_(last_batch_of(*model_, objective_, train_.count(), full_.batch())),
      evaluator_(*model_, test_, config.seed),
      order_(train_.count()) {}

std::uint64_t Trainer::batches_per_epoch() const {
  return (train_.count() + full_.batch() - 1) / full_.batch();
}

void Trainer::begin_epoch() {
  if (order_epoch_ == state_.epoch) return;
  fill_permutation(order_.data(), order_.size(), {config_.seed, StreamId::shuffle}, state_.epoch);
  order_epoch_ = state_.epoch;
}

void Trainer::fill(RecordedBatch& batch, std::span<const std::uint32_t> rows) {
  train_.fill(batch.x(), rows, state_.step);
  fill_normal(batch.noise(), {.stream = {config_.seed, StreamId::noise},
                              .step = state_.step,
                              .batch = rows.size(),
                              .dimensions = batch.latent(),
                              .datum = rows.data()});
}

void Trainer::step() {
  if (epoch_ended()) throw Error("trainer: step() after the end of an epoch; close_epoch() first");
  begin_epoch();
  const std::size_t first = state_.batch * full_.batch();
  const auto rows = std::span<const std::uint32_t>(order_).subspan(
      first, std::min(full_.batch(), order_.size() - first));
  RecordedBatch& batch = rows.size() == full_.batch() ? full_ : *partial_;

  fill(batch, rows);
  batch.tape().forward();
  if (!std::isfinite(batch.cost_value())) {
    throw NotFinite(batch.tape().first_non_finite(), state_.step + 1);
  }
  batch.tape().backward(batch.cost(), all_groups & ~leaf_group, gradient_);
  const double norm = optimizer_.gradient_norm(gradient_.data());
  if (!std::isfinite(norm)) throw NotFinite("gradient", state_.step + 1);
  optimizer_.step(store_.data(), gradient_.data(), config_.lr);

  rows_ = rows.size();
  state_.sums.add({batch.nell(), batch.div()}, rows.size());
  state_.gradient_norms += norm;
  ++state_.batch;
  ++state_.step;
}

bool Trainer::close_epoch(double held_out_elbo) {
  const bool best = !state_.best || held_out_elbo > *state_.best;
  if (best) state_.best = held_out_elbo;
  ++state_.epoch;
  state_.batch = 0;
  state_.sums = {};
  state_.gradient_norms = 0;
  return best;
}

void Trainer::save(const std::string& path) const {
  save_checkpoint(path, store_, optimizer_, state_);
}

void Trainer::load(const std::string& path) {
  load_checkpoint(path, store_, optimizer_, state_);
  if (state_.batch >= batches_per_epoch()) {
    throw Error(path + ": batch " + std::to_string(state_.batch) + " of an epoch of " +
                std::to_string(batches_per_epoch()) + "; it belongs to other data");
  }
}

}  // namespace nelbo
