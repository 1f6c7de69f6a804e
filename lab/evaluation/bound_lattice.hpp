#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "lab/data/examples.hpp"
#include "lab/evaluation/standard_errors.hpp"
#include "models/model.hpp"

namespace nelbo {

/// One bound of the lattice of Zheng eqs (39)-(40): MC_k-IW_m, from the first k m draws of each
/// example.
struct LatticeCell {
  std::int64_t k = 1;
  std::int64_t m = 1;
};

/// What was found for a cell; nats per datum.
struct LatticeRow {
  LatticeCell cell;
  MeanAndError value;  // over the examples
  /// Gain over the row before with the same k, example by example on common draws, which is never
  /// negative in expectation. Nothing in the first row of a k.
  std::optional<MeanAndError> rise;
  double ess = 0;  // effective number of the m weights: mean over groups and examples
  /// Pareto k-hat, the mean over those that have one, and how many of these are above 1/2, where
  /// the weights' variance is infinite, and above pareto_k_limit(m), where the estimate is not to
  /// be trusted. NaN below m = 25, and of discrete codes: their weights are finitely many numbers.
  double khat = 0;
  double heavy_share = 0;
  double beyond_limit_share = 0;
  /// The same bound with Pareto-smoothed weights; NaN where there is no k-hat.
  MeanAndError smoothed = not_estimated;
};

struct Lattice {
  std::vector<LatticeRow> rows;  // in the order of the cells
  std::vector<double> values;    // of single examples, [N, C], nats
  std::int64_t draws = 0;        // per example
  double seconds = 0;
};

/// Evaluates the cells on the first `count` examples, with the noise of `seed` that `nelbo eval`
/// and `train` begin with. Draws come in chunks by their addresses and are forgotten, so that
/// memory depends on neither k nor m (but for tails of 3 sqrt(m) numbers); results depend on
/// neither threads nor the other cells. Cells must be in ascending order of m for each k.
///
/// `go_on(share done)` is asked after every chunk: if it says no, nothing is returned.
std::optional<Lattice> estimate_lattice(const Model& model, const Examples& examples,
                                        std::size_t count, const std::vector<LatticeCell>& cells,
                                        std::uint64_t seed,
                                        const std::function<bool(double)>& go_on);

}  // namespace nelbo
