#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "autodiff/tensor.hpp"
#include "lab/evaluation/annealing/annealing.hpp"
#include "lab/statistics/mean_and_error.hpp"

namespace nelbo::annealing {

/// What chains are run on: data n = 0 .. N - 1.
struct AnnealedData {
  std::size_t count = 0;  // N
  /// Writes x [B, X] of the data `rows`.
  std::function<void(float* x, std::span<const std::uint32_t> rows)> fill;
};

/// Data that the model made, rows [N, X + C] as it is shown them, with the codes z [N, D] that each came from.
struct SimulatedData {
  Tensor x, z;
};

/// N data of the model, z ~ P0 and x ~ P(X|z), of conditions [N, C] where it takes
/// them, with the numbers that `nelbo sample` takes. Throws
/// Error for a model without likelihood().
SimulatedData simulate(const Model& model, std::size_t count, std::uint64_t seed,
                       const Tensor& conditions = Tensor(Shape{0}));
AnnealedData data_of(const SimulatedData& data);

/// Numbers of single data, as rows of named columns.
struct Readings {
  std::vector<std::string> columns;
  std::vector<double> values;  // [n, C]

  std::size_t count() const { return values.size() / columns.size(); }
  /// Throws Error for a name that it has not.
  std::vector<double> column(const std::string& name) const;
  /// Mean and standard error over the data.
  MeanAndError mean(const std::string& name) const;
  /// Means of the columns prefix_1 .. prefix_10.
  Acceptance acceptance(const std::string& prefix) const;
};

/// What is told and asked while data are annealed.
struct Watch {
  std::function<bool(double share)> go_on;  // after every move; `share` of all that is done
  std::function<void(const Readings& so_far)> after_batch;  // when more data are read; may be empty
  std::function<bool(std::size_t batch)> wanted = {};       // batches that are read; empty: all
};

/// How many data are annealed at once: as many as fill the kernels, and no activations of pictures
/// beyond some 100 MB.
std::size_t data_at_once(const Model& model, const AnnealingPlan& plan, std::size_t count);

/// Nothing read yet, of
///   log_px, se (over the chains), ess, acceptance_1 .. acceptance_10
Readings log_px_readings();
///   lower, lower_se, upper, upper_se, ess, acceptance_1 .., reverse_acceptance_1 ..
Readings bdmc_readings();
///   log_z_k and distortion_k of every point k of the curve, acceptance_1 ..
Readings curve_readings(std::size_t points);

// Each goes on where `readings` end and appends a row for each datum that is left, of the batches that are
// wanted; false if it was stopped, with the rows of all batches that were complete. Rows depend neither on
// where it began nor on what is wanted.

/// Stochastic lower bounds of log P(x).
bool read_log_px(const Model& model, const AnnealedData& data, const AnnealingPlan& plan,
                 Readings& readings, const Watch& watch);
/// Stochastic lower and upper bounds of data that the model made.
bool read_bdmc(const Model& model, const SimulatedData& data, AnnealingPlan plan,
               Readings& readings, const Watch& watch);
/// log Z_beta = log E_P0 exp(-beta d(x, Z)) and E d under P0(z) exp(-beta d) / Z at the
/// temperatures `points`, with d = -tilt of the path.
bool read_curve(const Model& model, const AnnealedData& data, const AnnealingPlan& plan,
                std::span<const std::size_t> points, Readings& readings, const Watch& watch);

}  // namespace nelbo::annealing
