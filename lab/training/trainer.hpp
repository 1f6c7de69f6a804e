#pragma once
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "autodiff/error.hpp"
#include "autodiff/parameters.hpp"
#include "autodiff/schedule.hpp"
#include "lab/data/examples.hpp"
#include "lab/training/batch_in_parts.hpp"
#include "lab/training/checkpoint.hpp"
#include "lab/training/evaluator.hpp"
#include "lab/training/gradient_tree.hpp"
#include "lab/training/group_optimizers.hpp"
#include "lab/training/metrics.hpp"
#include "lab/training/networks.hpp"
#include "lab/training/parameter_average.hpp"
#include "lab/training/ranks.hpp"
#include "lab/training/run_config.hpp"
#include "lab/training/told_order.hpp"
#include "lab/training/train_state.hpp"
#include "objectives/algebra/term.hpp"

namespace nelbo {

/// Training met a NaN or an infinity.
class NotFinite : public Error {
 public:
  /// `op`: the first operator that produced it, or "gradient" if all values were finite.
  NotFinite(const std::string& op, std::uint64_t step);
  const std::string& op() const { return op_; }

 private:
  std::string op_;
};

/// What an epoch came to, in nats per datum.
struct Epoch {
  std::uint64_t epoch = 0;            // 1 after the first
  Metrics train;                      // means over the batches, each as the model was at its step
  Metrics held_out;                   // of the test examples, for reporting only
  std::optional<Metrics> validation;  // where there are validation examples
  std::optional<AverageMetrics> average;  // where there is one (TrainConfig::ema)
  bool best = false;  // the highest objective on them so far; without them every epoch is
};

/// A model in training: examples, recordings, optimiser and where it stands. Everything random has
/// an address (seed, stream, step, example), so equal settings give equal bits, interrupted or not.
///
/// Several ranks train one model: each has all of it, computes its share of every batch's parts
/// (TrainConfig::parts) and of every evaluation's batches, and makes the same calls as the others. All
/// then hold the same bits, those of one process with as many parts.
class Trainer {
 public:
  /// `data` and `ranks` must outlive the trainer. Throws Error if the settings do not fit the data. The
  /// parts of a batch: parts_setting.hpp.
  Trainer(const TrainPlan& plan, const data::Dataset& data, Ranks& ranks = one_process(),
          Memory memory = Memory::ample);
  Trainer(const TrainConfig& config, const data::Dataset& data, Ranks& ranks = one_process(),
          Memory memory = Memory::ample)
      : Trainer(resolve(config), data, ranks, memory) {}
  Trainer(const Trainer&) = delete;
  Trainer& operator=(const Trainer&) = delete;

  /// One step: draw a batch, forward, backward, update. Begins an epoch where the last one was
  /// closed. Does not allocate once both batch sizes have been seen. Throws NotFinite, before the
  /// update, if the loss or its gradient is not finite; Error if an epoch has ended and was not
  /// closed. Auxiliary networks learn from the same batch, with optimisers of their own.
  void step();
  /// True when the last step ended an epoch: read the means, then close_epoch().
  bool epoch_ended() const { return state_.sums.examples == train_.count(); }
  /// Counts the epoch that ended and empties its sums. `gain`: what epochs are compared by, the
  /// objective of validation(). True if it is the best so far, and always without one.
  bool close_epoch(std::optional<double> gain);
  /// What comes is compared with nothing that was: for an objective with other weights.
  void forget_best() {
    state_.best.reset();
    state_.best_epoch = state_.epoch;
  }
  /// Whether early stopping ends the run: `patience` epochs have passed since the best on the
  /// validation examples, or since epoch `patience_from` where that is later.
  bool out_of_patience() const;

  /// Trains for so many epochs, from wherever it stands to the end of the last or of its patience; `on_epoch` is called at the
  /// end of each and returns whether to go on. Throws as step() does.
  void fit(
      std::uint64_t epochs,
      const std::function<bool(const Epoch&)>& on_epoch = [](const Epoch&) { return true; });

  /// Means over the batches of the epoch begun, each as the model was at its step. NaN before the
  /// first.
  Metrics train_metrics() const { return state_.sums.mean(); }
  /// The objective of these, without the memory that all of them need.
  double train_objective() const {
    return state_.sums.sums.objective / double(state_.sums.examples);
  }
  /// Mean norm of the model's gradient over these batches, neither normalised nor clipped.
  double gradient_norm() const { return state_.gradient_norms / double(state_.batch); }
  /// Means over the test examples with the parameters as they are. For reporting only: no choice in
  /// training rests on them.
  Metrics held_out() { return (*evaluator_)(time()); }
  /// Means over the validation examples, the split `valid`, with the objective's schedules where
  /// they end or at `last`, whichever is later: so epochs compare, whatever weights they were
  /// trained with. Nothing where there is no such split.
  std::optional<Metrics> validation(const TrainingTime& last = {});
  /// The same two of the parameters' moving average, where there is one.
  std::optional<AverageMetrics> average_metrics(const TrainingTime& last = {});

  /// The rates of the last step, or of the first to come: of the model's groups, and of those
  /// beside it that TrainConfig::lr names.
  std::vector<GroupRate> rates() const;
  /// Rates that have not arrived at the end of a run, a line each. Throws SettingError of `lr`
  /// where a rate is not finite or below 0 there.
  std::vector<std::string> check_rates(const TrainingTime& last) const;

  /// Where training stands.
  TrainingTime time() const;
  /// Where it stood before the last step.
  const TrainingTime& last_time() const { return last_time_; }
  /// Where it will stand after so many steps, or epochs, from its very beginning, in batches of the
  /// present size; the present where it is past them.
  TrainingTime after_steps(std::uint64_t steps) const;
  TrainingTime after_epochs(std::uint64_t epochs) const;

  Ranks& ranks() const { return ranks_; }
  /// The parts of a batch.
  std::size_t parts() const { return std::size_t(config().parts); }
  std::uint64_t batches_per_epoch() const;
  /// Steps to the end of the epoch begun, or of the next where none is.
  std::uint64_t batches_left() const;
  /// Examples of the last step.
  std::size_t last_batch() const { return rows_; }
  /// With the data's shape, and the architecture's own values where none were given.
  const TrainConfig& config() const { return plan_.config; }
  const TrainState& state() const { return state_; }
  const Term& objective() const { return plan_.objective; }
  const EstimatorChoice& estimators() const { return plan_.estimators; }
  const Model& model() const { return *networks_.model; }
  /// The networks that learn beside it.
  const Auxiliaries& auxiliaries() const { return networks_.auxiliaries; }
  const ParameterStore& store() const { return store_; }
  const Examples& train_examples() const { return train_; }
  const Examples& test_examples() const { return test_; }
  const std::optional<Examples>& validation_examples() const { return valid_; }

  /// Takes what it can of a checkpoint's parameters for its own first ones: see take_parameters. Throws
  /// Error after the first step.
  WarmStart start_from(const std::string& checkpoint);
  /// All of the run's state, in one file; see checkpoint.hpp.
  void save(const std::string& path) const;
  /// The moving average in the place of the parameters, as best.safetensors holds those. There must
  /// be one.
  void save_average(const std::string& path);
  /// Returns what must be told of the file, or nothing. An epoch begun goes on where it was, also
  /// in batches of another size. Throws Error where the file is damaged or belongs to another run.
  std::string load(const std::string& path);

 private:
  void begin_epoch();
  std::vector<NamedOptimizer> named_optimizers() const;

  /// What learns beside the model.
  struct Beside {
    std::string group;
    Range range;
    GroupOptimizers optimizer;
    GradientSink gradient;
  };
  /// Calls `use` with the moving average in the place of the parameters.
  template <class Use>
  auto with_average(const Use& use);

  Ranks& ranks_;
  TrainPlan plan_;
  Examples train_;
  Examples test_;
  std::optional<Examples> valid_;
  std::optional<double> entropy_;  // H_data of the training examples, where the objective needs it
  ParameterStore store_;
  Networks networks_;
  std::unique_ptr<GroupOptimizers> optimizers_;
  std::optional<ParameterAverage> average_;
  GradientSink gradient_;
  std::vector<GradientSink> other_gradients_;  // of further parts of the cost
  std::vector<Range> ranges_;                  // of the model's groups
  GradientTree tree_;
  std::vector<Beside> beside_;
  std::unique_ptr<ReplayBySize<BatchInParts>> recordings_;
  std::unique_ptr<Evaluator> evaluator_;
  std::unique_ptr<Evaluator> validator_;  // of the validation examples, where there are some
  std::vector<std::uint32_t> order_;      // the training examples, as this epoch sees them
  std::optional<ToldOrder> told_order_;   // of labels that are inferred
  std::uint64_t order_epoch_ = std::numeric_limits<std::uint64_t>::max();
  std::size_t rows_ = 0;
  TrainingTime last_time_;
  TrainState state_;
};

}  // namespace nelbo
