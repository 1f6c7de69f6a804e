#include "lab/training/trainer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "autodiff/profile.hpp"
#include "autodiff/random_variables.hpp"
#include "autodiff/setting_error.hpp"
#include "lab/data/data_entropy.hpp"
#include "lab/data/picture_range.hpp"
#include "lab/training/checkpoint.hpp"
#include "lab/training/objective_weights.hpp"
#include "lab/training/parts_setting.hpp"
#include "lab/training/run_data.hpp"
#include "models/architectures/architecture.hpp"
#include "objectives/language/expression.hpp"

namespace nelbo {
namespace {

/// Throws unless the objective is defined for batches of the plan's size and a last one of `left`
/// examples of what remains.
void check_objective_for(const TrainPlan& plan, std::size_t examples, std::size_t left,
                         const Model& model, bool data_entropy) {
  const std::size_t batch = std::min(std::size_t(plan.config.batch), examples);
  const auto parts = std::size_t(plan.config.parts);
  Setting setting{.batch = std::int64_t(batch),
                  .data_size = std::int64_t(examples),
                  .latent = model.codes().variables,
                  .exact_div = has_exact_div(model),
                  .data_entropy = data_entropy,
                  .parts = std::int64_t(parts)};
  check_objective(plan.objective, plan.config.objective, setting);
  const std::size_t rest = left % batch;
  if (batch < parts || (rest != 0 && rest < parts)) {
    throw SettingError(
        "parts",
        batch < parts
            ? fmt::format("{} parts of a batch of {}; take fewer, or larger batches", parts, batch)
            : fmt::format("{} parts, and batches of {} leave a last one of {} "
                          "examples; take fewer parts, or another batch size",
                          parts, batch, rest));
  }
  if (rest == 0) return;
  setting.batch = std::int64_t(rest);
  try {
    check_objective(plan.objective, plan.config.objective, setting);
  } catch (const Error& error) {
    const std::string reason = error.what();
    throw SettingError(
        "batch", fmt::format("{} leaves a last batch of {} of {} examples; take another size ({})",
                             batch, rest, left, reason.substr(0, reason.find('\n'))));
  }
}

/// The plan for examples of this shape, with the architecture's own values where none were given.
TrainPlan for_examples(TrainPlan plan, const data::Dataset& data, const Ranks& ranks,
                       Memory memory) {
  TrainConfig& config = plan.config;
  config.parts = parts_for(config.parts, ranks, memory);
  config.example = data.example_shape();
  keep_scaling(config, data.scale);
  keep_steps(config, data.steps);
  set_units(plan.model, data.scale);
  plan.model.centre_mean = config.centre_mean;
  if (config.condition != data.condition.of) {
    throw SettingError(
        "condition",
        "is '" + config.condition + "', and the data set is coded for '" + data.condition.of + "'");
  }
  keep_condition(config, data.condition);
  plan.model.conditions = std::int64_t(data.condition.size());
  plan.model.example = Shape(std::span<const std::int64_t>(config.example));
  plan.model = resolve(plan.model);
  config.latent = plan.model.latent;
  config.hidden = plan.model.hidden;
  config.prior = plan.model.prior->text;
  return plan;
}

/// Throws SettingError where the likelihood is none of the examples.
void check_support(const Model& model, const Examples& examples, const Extent& extent) {
  const std::string why = examples.unfit(model.likelihood(), extent);
  if (!why.empty()) throw SettingError("likelihood", why + ", or another scale");
}

/// Declared and started; `shown` are all the examples that it will see, those that it learns from first.
/// The plan keeps what the networks must know of their mean.
Networks networks_for(TrainPlan& plan, std::initializer_list<const Examples*> shown,
                      ParameterStore& store) {
  const DataMoments moments = (*shown.begin())->moments(plan.model.likelihood.get());
  if (plan.config.centre && plan.config.centre_mean.empty()) {
    plan.config.centre_mean = plan.model.centre_mean = moments.mean.values();
  }
  Networks networks = declare_networks(plan, moments, store);
  for (const Examples* examples : shown) {
    if (examples == nullptr) continue;
    const bool first = examples == *shown.begin();
    check_support(*networks.model, *examples, first ? moments.extent : examples->extent());
  }
  store.freeze(plan.config.seed);
  return networks;
}

std::optional<Examples> examples_for_validation(const data::Dataset& data, const TrainPlan& plan) {
  const data::Split* split = data.find("valid");
  if (split == nullptr) return std::nullopt;
  return Examples(data, *split, plan.binarize, Examples::Role::valid, plan.config.seed);
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

Trainer::Trainer(const TrainPlan& plan, const data::Dataset& data, Ranks& ranks, Memory memory)
    : ranks_(ranks),
      plan_(for_examples(plan, data, ranks, memory)),
      train_(data, data.split("train"), plan.binarize, Examples::Role::train, plan.config.seed),
      test_(data, data.split("test"), plan.binarize, Examples::Role::test, plan.config.seed),
      valid_(examples_for_validation(data, plan)),
      networks_(networks_for(plan_, {&train_, valid_ ? &*valid_ : nullptr, &test_}, store_)),
      gradient_(store_),
      ranges_(ranges_of(store_, networks_.groups())),
      tree_(store_, parts(), ranks),
      order_(train_.count()) {
  if (data.condition.inferred) {
    train_.tell_labels();
    told_order_.emplace(data.condition.told, train_.count());
  }
  check_groups("lr", plan_.rates, store_.group_names());
  check_groups("optimizer", plan_.optimizers, store_.group_names());
  optimizers_ =
      std::make_unique<GroupOptimizers>(plan_.optimizers, plan_.rates, store_, networks_.groups());
  if (config().ema > 0) average_.emplace(store_, config().ema);
  plan_.config.picture_range = picture_range(test_);
  if (objective().needs(&Quantity::data_entropy) && plan.binarize != data::Binarize::dynamic) {
    entropy_ = data_entropy(train_, model());
  }
  check_objective_for(plan_, train_.count(), train_.count(), model(), entropy_.has_value());
  const std::size_t batch = std::min(std::size_t(config().batch), train_.count());
  const auto record = [this](std::size_t rows, std::optional<BatchPart> part) {
    return std::make_unique<RecordedBatch>(
        model(), networks_.auxiliaries, objective(), estimators(),
        Population{.size = std::int64_t(train_.count()), .entropy = entropy_}, rows,
        RecordedBatch::Use::training, std::move(part));
  };
  recordings_ =
      std::make_unique<ReplayBySize<BatchInParts>>(batch, [this, record, memory](std::size_t rows) {
        return std::make_unique<BatchInParts>(rows, parts(), ranks_, record, memory);
      });
  // Both sizes now: what cannot be recorded is refused before the first step.
  RecordedBatch& full = recordings_->of(batch).any();
  if (train_.count() % batch != 0) recordings_->of(train_.count() % batch);
  for (std::size_t i = 1; i < full.parts().size(); ++i) other_gradients_.emplace_back(store_);
  evaluator_ = std::make_unique<Evaluator>(networks_, objective(), estimators(), batch, test_,
                                           config().seed, random_variables::evaluation, ranks_);
  if (valid_) {
    validator_ = std::make_unique<Evaluator>(networks_, objective(), estimators(), batch, *valid_,
                                             config().seed, random_variables::selection, ranks_);
  }
  for (const Auxiliary& own : networks_.auxiliaries.all()) {
    const Term* const rate = plan_.rates.find(own.group);
    const OptimizerConfig* const optimizer = plan_.optimizers.find(own.group);
    // By its own name, as that of a group with an optimiser of its own.
    beside_.push_back(
        {own.group, store_.range(own.group),
         GroupOptimizers({own.optimizer, {{own.group, optimizer ? *optimizer : own.optimizer}}},
                         {rate ? *rate : Term(own.rate)}, store_, store_.groups({own.group})),
         GradientSink(store_)});
  }
}

std::uint64_t Trainer::batches_per_epoch() const {
  return (train_.count() + recordings_->batch() - 1) / recordings_->batch();
}

std::uint64_t Trainer::batches_left() const {
  const std::size_t left = train_.count() - (epoch_ended() ? 0 : state_.sums.examples);
  return (left + recordings_->batch() - 1) / recordings_->batch();
}

TrainingTime Trainer::time() const {
  const double begun = double(state_.sums.examples) / double(train_.count());
  return {state_.step, double(state_.epoch) + begun};
}

TrainingTime Trainer::after_steps(std::uint64_t steps) const {
  if (steps <= state_.step) return time();
  const std::uint64_t next = state_.step + (epoch_ended() ? 0 : batches_left());
  return {steps,
          double(state_.epoch + 1) + (double(steps) - double(next)) / double(batches_per_epoch())};
}

TrainingTime Trainer::after_epochs(std::uint64_t epochs) const {
  if (epochs <= state_.epoch) return time();
  const std::uint64_t next = state_.step + (epoch_ended() ? 0 : batches_left());
  return {next + (epochs - state_.epoch - 1) * batches_per_epoch(), double(epochs)};
}

std::optional<Metrics> Trainer::validation(const TrainingTime& last) {
  if (!validator_) return std::nullopt;
  const TrainingTime final = weights_final_at(objective());
  return (*validator_)({std::max(last.step, final.step), std::max(last.epochs, final.epochs)});
}

template <class Use>
auto Trainer::with_average(const Use& use) {
  struct Exchanged {
    ParameterAverage& average;
    ParameterStore& store;
    Exchanged(ParameterAverage& average, ParameterStore& store) : average(average), store(store) {
      average.exchange(store);
    }
    ~Exchanged() { average.exchange(store); }
  };
  const Exchanged exchanged(*average_, store_);
  return use();
}

std::optional<AverageMetrics> Trainer::average_metrics(const TrainingTime& last) {
  if (!average_) return std::nullopt;
  return with_average([&] { return AverageMetrics{validation(last), held_out()}; });
}

std::vector<GroupRate> Trainer::rates() const {
  std::vector<GroupRate> all = optimizers_->rates();
  for (const Beside& own : beside_) {
    if (plan_.rates.find(own.group) == nullptr) continue;
    for (const GroupRate& rate : own.optimizer.rates()) all.push_back(rate);
  }
  return all;
}

std::vector<std::string> Trainer::check_rates(const TrainingTime& last) const {
  const auto check = [&](const Term& rate) {
    const std::string why = unfit_rate(*rate.at(last), rate, last);
    if (!why.empty()) throw SettingError("lr", why);
  };
  check(plan_.rates.otherwise);
  for (const auto& [group, rate] : plan_.rates.named) check(rate);
  return rates_unfinished(plan_.rates, last);
}

void Trainer::begin_epoch() {
  if (order_epoch_ == state_.epoch) return;
  fill_permutation(order_.data(), order_.size(), random_variables::order.of(config().seed),
                   state_.epoch);
  if (told_order_) told_order_->mix(order_, recordings_->batch(), config().seed, state_.epoch);
  order_epoch_ = state_.epoch;
}

void Trainer::step() {
  if (epoch_ended()) throw Error("trainer: step() after the end of an epoch; close_epoch() first");
  begin_epoch();
  const std::size_t size = recordings_->batch(), first = state_.sums.examples;
  const auto rows =
      std::span<const std::uint32_t>(order_).subspan(first, std::min(size, order_.size() - first));
  BatchInParts& batch = recordings_->of(rows.size());

  const TrainingTime now = last_time_ = time();
  batch.forward(
      [this](const Tensor& x, std::span<const std::uint32_t> some) {
        const ProfiledWork work("data");
        train_.fill(x.data_as<float>(), some, state_.step);
      },
      {random_variables::training, config().seed, state_.step, rows, now});
  if (!std::isfinite(batch.cost_value())) {
    throw NotFinite(batch.first_non_finite(), state_.step + 1);
  }
  batch.backward(tree_, ranges_, gradient_, other_gradients_);
  const double norm = [&] {
    const ProfiledWork work("gradient norm");
    return optimizers_->gradient_norm(gradient_.data());
  }();
  if (!std::isfinite(norm)) throw NotFinite("gradient", state_.step + 1);
  if (config().normalise_gradients) gradient_.normalise(store_);
  const double scale =
      clip_scale(config().normalise_gradients ? optimizers_->gradient_norm(gradient_.data()) : norm,
                 config().clip);
  // Before the model moves: all gradients are those of the parameters as they were.
  for (Beside& own : beside_) {
    batch.backward_loss(tree_, own.group, {&own.range, 1}, own.gradient);
  }
  for (Beside& own : beside_) own.optimizer.step(store_.data(), own.gradient.data(), now);
  {
    const ProfiledWork work("optimiser");
    batch.any().running_means().measure(store_, state_.step + 1);
    optimizers_->step(store_.data(), gradient_.data(), now, scale);
    batch.any().running_means().put(store_);
    if (average_) average_->update(store_, state_.step + 1);
  }

  rows_ = rows.size();
  state_.sums.add(batch.metrics(), rows.size());
  state_.gradient_norms += norm;
  state_.clipped += scale < 1;
  state_.clipped_in_all += scale < 1;
  ++state_.batch;
  ++state_.step;
}

bool Trainer::close_epoch(std::optional<double> gain) {
  const bool best = !gain || !state_.best || *gain > *state_.best;
  ++state_.epoch;
  if (best) {
    state_.best = gain;
    state_.best_epoch = state_.epoch;
  }
  state_.batch = 0;
  state_.sums.clear();
  state_.gradient_norms = 0;
  state_.clipped = 0;
  return best;
}

bool Trainer::out_of_patience() const {
  const auto from = std::uint64_t(config().patience_from);
  const std::uint64_t since = std::max(state_.best_epoch, from);
  return config().patience > 0 && state_.epoch >= since + std::uint64_t(config().patience);
}

void Trainer::fit(std::uint64_t epochs, const std::function<bool(const Epoch&)>& on_epoch) {
  const TrainingTime last = after_epochs(state_.epoch + epochs);
  check_rates(last);
  for (std::uint64_t i = 0; i < epochs; ++i) {
    while (!epoch_ended()) step();
    Epoch report{.train = train_metrics(),
                 .held_out = held_out(),
                 .validation = validation(last),
                 .average = average_metrics(last)};
    report.best =
        close_epoch(report.validation ? std::optional(report.validation->objective) : std::nullopt);
    report.epoch = state_.epoch;
    if (!on_epoch(report) || out_of_patience()) return;
  }
}

WarmStart Trainer::start_from(const std::string& checkpoint) {
  if (state_.step > 0) throw Error("trainer: start_from() comes before the first step");
  return take_parameters(checkpoint, store_);
}

std::vector<NamedOptimizer> Trainer::named_optimizers() const {
  std::vector<NamedOptimizer> all = optimizers_->all();
  for (const Beside& own : beside_) {
    for (const NamedOptimizer& one : own.optimizer.all()) all.push_back(one);
  }
  return all;
}

void Trainer::save(const std::string& path) const {
  save_checkpoint(path, model_toml(config()), auxiliaries(), store_, named_optimizers(), state_,
                  average_ ? &average_->values() : nullptr);
}

void Trainer::save_average(const std::string& path) {
  if (!average_) throw Error("trainer: there is no moving average; set ema");
  with_average([&] { save_parameters(path, model_toml(config()), auxiliaries(), store_, state_); });
}

std::string Trainer::load(const std::string& path) {
  std::string note = load_checkpoint(path, store_, named_optimizers(), state_,
                                     average_ ? &average_->values() : nullptr);
  state_.sums.sums.terms.resize(objective().quantities().size());
  const std::size_t seen = state_.sums.examples;
  if (seen >= train_.count() || (seen == 0) != (state_.batch == 0)) {
    throw Error(
        fmt::format("{}: {} examples, in {} batches, of an epoch of {}; it belongs to other "
                    "data",
                    path, seen, state_.batch, train_.count()));
  }
  // An epoch that began with batches of another size may end with one of a size of its own.
  const std::size_t left = train_.count() - seen, rest = left % recordings_->batch();
  check_objective_for(plan_, train_.count(), left, model(), entropy_.has_value());
  if (rest != 0) recordings_->of(rest);
  return note;
}

}  // namespace nelbo
