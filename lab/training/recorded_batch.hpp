#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "autodiff/random_variables.hpp"
#include "autodiff/tape.hpp"
#include "lab/training/metrics.hpp"
#include "lab/training/networks.hpp"
#include "objectives/algebra/term.hpp"
#include "objectives/draw/draw.hpp"

namespace nelbo {

/// One batch size's computation of an objective, recorded once and replayed with new data and
/// noise.
class RecordedBatch {
 public:
  /// A part of the cost, and the parameter groups that it may move.
  struct Part {
    Var cost;
    Groups groups;
  };

  /// Records encoder, samples, decoder, the objective's cost and the metrics, with as many draws
  /// per datum as the objective needs. Without gradients the tape reuses buffers; only metrics and
  /// cost are then kept. Networks, store and objective must outlive it. Throws Error where the
  /// estimators are not defined for the objective.
  RecordedBatch(const Networks& networks, const ParameterStore& store, const Term& objective,
                const EstimatorChoice& estimators, const Population& population, std::size_t batch,
                bool gradients);

  /// The data leaf, [B, X], to be filled before forward().
  float* x() const { return tape_.data(x_).data_as<float>(); }
  /// Fills noise and permutations for the data `rows` from these variables at a step. Does not
  /// allocate.
  void fill_noise(const DrawVariables& of, std::uint64_t seed, std::uint64_t step,
                  std::span<const std::uint32_t> rows);
  /// Sets what is scheduled to its value at a step.
  void fill_schedules(std::uint64_t step);
  std::size_t batch() const { return batch_; }

  Tape& tape() { return tape_; }
  const Draw& draw() const { return *draw_; }
  /// The parts of the cost, those that may move most first.
  const std::vector<Part>& parts() const { return parts_; }
  /// The critic's own loss, where there is a critic.
  const std::optional<Var>& critic_loss() const { return draw_->critic_loss(); }
  /// The baseline's, where the estimator has one.
  const std::optional<Var>& baseline_loss() const { return draw_->baseline_loss(); }

  // Values after tape().forward(), nats per datum.
  double cost_value() const { return cost_.item(); }
  /// Does not allocate: a reference to what this object holds.
  const Metrics& metrics();

 private:
  Tape tape_;
  std::size_t batch_;
  const Vae& model_;
  Coupling coupling_;
  std::optional<Estimation> estimation_;  // none: the sampled objective is differentiated
  Var x_, noise_, cost_, nell_, div_;
  std::optional<Draw> draw_;
  std::vector<Part> parts_;
  std::vector<Var> terms_;
  std::vector<std::uint32_t> permutation_;
  Metrics metrics_;
};

}  // namespace nelbo
