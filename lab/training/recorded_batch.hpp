#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "autodiff/tape.hpp"
#include "lab/training/metrics.hpp"
#include "lab/training/networks.hpp"
#include "models/batch_part.hpp"
#include "models/layers/dropout.hpp"
#include "models/running_means.hpp"
#include "objectives/algebra/term.hpp"
#include "objectives/draw/input.hpp"
#include "objectives/draw/population.hpp"

namespace nelbo {

class Draw;

/// One batch size's computation of an objective, recorded once and replayed with new data and
/// noise: what training, evaluation and studies of an objective have in common.
class RecordedBatch {
 public:
  /// What a recording is for.
  enum class Use {
    training,   // gradients; layers of dropout drop units out
    study,      // gradients, of the model as it is evaluated
    evaluation  // values alone: the tape reuses buffers
  };
  /// A part of the cost, and the parameter groups that it may move.
  struct Part {
    Var cost;
    Groups groups;
  };

  /// Records encoder, samples, decoder, the objective's cost and the metrics, with as many draws
  /// per datum as the objective needs. In evaluation only metrics and cost are kept. Model and
  /// auxiliaries must outlive it. Throws Error where the estimators are not defined for the objective.
  /// `part`: of which part of a larger batch these `batch` rows are; its exchanges are then made at the
  /// tape's pauses, and gradients are the part's share of the batch's.
  RecordedBatch(const Model& model, const Auxiliaries& auxiliaries, const Term& objective,
                const EstimatorChoice& estimators, const Population& population, std::size_t batch,
                Use use, std::optional<BatchPart> part = std::nullopt);
  ~RecordedBatch();

  /// The data leaf, rows [B, X + C] as the model is shown them, to be filled before forward().
  const Tensor& x() const { return data_; }
  /// Fills noise and what else changes by step. Does not allocate.
  void fill(const Moment& moment);
  std::size_t batch() const { return batch_; }
  /// Nothing where the batch is whole.
  const std::optional<BatchPart>& part() const { return part_; }

  Tape& tape() { return tape_; }
  const Draw& draw() const { return *draw_; }
  /// The parts of the cost, those that may move most first.
  const std::vector<Part>& parts() const { return parts_; }
  /// The gradient of the cost, once forward() has run; `others` are sinks for parts().size() - 1 further
  /// passes.
  void backward(GradientSink& gradient, std::span<GradientSink> others);
  /// The auxiliaries' own losses, by group.
  const std::map<std::string, Var>& losses() const;
  /// The gradient of one of them for its group.
  void backward_loss(const std::string& group, GradientSink& gradient);
  /// What the model keeps of the batches that it is trained on; nothing in other uses.
  RunningMeans& running_means() { return running_means_; }

  // Values after tape().forward(), nats per datum.
  double cost_value() const { return cost_.item(); }
  /// How many named quantities metrics() has.
  std::size_t terms() const { return terms_.size(); }
  /// Does not allocate: a reference to what this object holds.
  const Metrics& metrics();

 private:
  /// Throws SettingError naming a part of the cost whose gradient would not be all there is.
  void check_gradients(const Term& cost) const;

  Root root(Var cost) const { return {cost, part_ ? &share_ : nullptr}; }

  Tape tape_;
  std::size_t batch_;
  std::optional<BatchPart> part_;
  Tensor share_;  // its share of the batch, rank 0
  CodeSpace codes_;
  Coupling coupling_;
  Var noise_, cost_, nell_, div_;
  Tensor data_;
  DropoutMasks dropout_;  // none but in training
  RunningMeans running_means_;
  std::unique_ptr<Draw> draw_;
  std::vector<Part> parts_;
  std::vector<Var> terms_;
  const ParameterStore& store_;
  Metrics metrics_;
};

}  // namespace nelbo
