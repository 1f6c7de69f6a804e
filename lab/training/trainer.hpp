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
  std::uint64_t epoch = 0;  // 1 after the first
  Metrics train;            // means over the batches, each as the model was at its step
  Metrics held_out;
  bool best = false;  // the highest held-out bound so far
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
  bool epoch_ended() const { return state_.batch == batches_per_epoch(); }
  /// Counts the epoch that ended and empties its sums. True if `held_out_bound` is the best so far.
  bool close_epoch(double held_out_bound);

  /// Trains for so many epochs, from wherever it stands to the end of the last; `on_epoch` is called at the
  /// end of each and returns whether to go on. Throws as step() does.
  void fit(std::uint64_t epochs, const std::function<bool(const Epoch&)>& on_epoch =
                                     [](const Epoch&) { return true; });

  /// Means over the batches of the epoch begun, each as the model was at its step. NaN before the
  /// first.
  Metrics train_metrics() const { return state_.sums.mean(); }
  /// The bound of these, without the memory that all of them need.
  double train_bound() const { return state_.sums.sums.bound / double(state_.sums.examples); }
  double gradient_norm() const { return state_.gradient_norms / double(state_.batch); }
  /// Means over the held-out examples with the parameters as they are.
  Metrics held_out() { return (*evaluator_)(state_.step); }

  std::uint64_t batches_per_epoch() const;
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

  /// All of the run's state, in one file; see checkpoint.hpp.
  void save(const std::string& path) const;
  void load(const std::string& path);

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
  std::optional<double> entropy_;  // H_data of the training examples, where the objective needs it
  ParameterStore store_;
  Networks networks_;
  std::unique_ptr<Optimizer> optimizer_;
  GradientSink gradient_;
  std::vector<GradientSink> other_gradients_;  // of further parts of the cost
  std::vector<Beside> beside_;
  std::unique_ptr<ReplayBySize<RecordedBatch>> recordings_;
  std::unique_ptr<Evaluator> evaluator_;
  std::vector<std::uint32_t> order_;  // the training examples, as this epoch sees them
  std::uint64_t order_epoch_ = std::numeric_limits<std::uint64_t>::max();
  std::size_t rows_ = 0;
  TrainState state_;
};

}  // namespace nelbo
