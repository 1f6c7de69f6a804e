#pragma once
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "autodiff/error.hpp"
#include "autodiff/optimizer.hpp"
#include "autodiff/parameters.hpp"
#include "lab/data/examples.hpp"
#include "lab/training/checkpoint.hpp"
#include "lab/training/evaluator.hpp"
#include "lab/training/metrics.hpp"
#include "lab/training/networks.hpp"
#include "lab/training/recorded_batch.hpp"
#include "lab/training/run_config.hpp"
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
  bool best = false;  // the highest objective on them so far; without them every epoch is
};

/// A model in training: examples, recordings, optimiser and where it stands. Everything random has
/// an address (seed, stream, step, example), so equal settings give equal bits, interrupted or not.
class Trainer {
 public:
  /// `data` must outlive the trainer. Throws Error if the settings do not fit the data.
  Trainer(const TrainPlan& plan, const data::Dataset& data);
  Trainer(const TrainConfig& config, const data::Dataset& data) : Trainer(resolve(config), data) {}
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
  double gradient_norm() const { return state_.gradient_norms / double(state_.batch); }
  /// Means over the test examples with the parameters as they are. For reporting only: no choice in
  /// training rests on them.
  Metrics held_out() { return (*evaluator_)(state_.step); }
  /// Means over the validation examples, the split `valid`, with the objective's schedules where
  /// they end or at `last_step`, whichever is later: so epochs compare, whatever weights they were
  /// trained with. Nothing where there is no such split.
  std::optional<Metrics> validation(std::uint64_t last_step = 0);

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

  /// All of the run's state, in one file; see checkpoint.hpp.
  void save(const std::string& path) const;
  /// Returns what must be told of the file, or nothing. An epoch begun goes on where it was, also
  /// in batches of another size. Throws Error where the file is damaged or belongs to another run.
  std::string load(const std::string& path);

 private:
  void begin_epoch();
  std::vector<NamedOptimizer> optimizers() const;

  /// What learns beside the model.
  struct Beside {
    Auxiliary auxiliary;
    std::unique_ptr<Optimizer> optimizer;
    GradientSink gradient;
  };

  TrainPlan plan_;
  Examples train_;
  Examples test_;
  std::optional<Examples> valid_;
  std::optional<double> entropy_;  // H_data of the training examples, where the objective needs it
  ParameterStore store_;
  Networks networks_;
  std::unique_ptr<Optimizer> optimizer_;
  GradientSink gradient_;
  std::vector<GradientSink> other_gradients_;  // of further parts of the cost
  std::vector<Beside> beside_;
  std::unique_ptr<ReplayBySize<RecordedBatch>> recordings_;
  std::unique_ptr<Evaluator> evaluator_;
  std::unique_ptr<Evaluator> validator_;  // of the validation examples, where there are some
  std::vector<std::uint32_t> order_;      // the training examples, as this epoch sees them
  std::uint64_t order_epoch_ = std::numeric_limits<std::uint64_t>::max();
  std::size_t rows_ = 0;
  TrainState state_;
};

}  // namespace nelbo
