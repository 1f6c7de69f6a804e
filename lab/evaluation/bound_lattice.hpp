#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
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

/// What the draws of one example came to for a cell: sums over its groups, and over those of them that have
/// a k-hat.
struct CellTotals {
  double value = 0, ess = 0, smoothed = 0;
  double khat = 0, heavy = 0, beyond = 0, fitted = 0;
};

struct Lattice {
  std::vector<LatticeRow> rows;  // in the order of the cells
  std::vector<double> values;    // of single examples, [N, C], nats
  std::int64_t draws = 0;        // per example
  double seconds = 0;
};

/// Reads the cells of the first `count` examples, batch by batch, with the noise of `seed` that `nelbo
/// eval` and `train` begin with. Draws come in chunks by their addresses and are forgotten, so that
/// memory depends on neither k nor m (but for tails of 3 sqrt(m) numbers); results depend on neither
/// threads, the other cells nor the batches that are read. Cells must be in ascending order of m for each
/// k. The model and the examples must outlive it.
class LatticeReader {
 public:
  LatticeReader(const Model& model, const Examples& examples, std::size_t count,
                const std::vector<LatticeCell>& cells, std::uint64_t seed);
  ~LatticeReader();

  std::size_t batches() const;
  std::int64_t draws() const;  // per example
  /// Appends what the examples of a batch came to, [B, C]. `go_on(share of the batch)` is asked after every
  /// chunk: false if it says no.
  bool read(std::size_t batch, const std::function<bool(double)>& go_on,
            std::vector<CellTotals>& totals);

 private:
  struct Reading;
  std::unique_ptr<Reading> reading_;
};

/// The lattice of what its examples came to, [N, C], without its time.
Lattice lattice_of(const std::vector<LatticeCell>& cells, const std::vector<CellTotals>& totals);

/// Reads all batches. `go_on(share done)`: as LatticeReader::read; if it says no, nothing is returned.
std::optional<Lattice> estimate_lattice(const Model& model, const Examples& examples,
                                        std::size_t count, const std::vector<LatticeCell>& cells,
                                        std::uint64_t seed,
                                        const std::function<bool(double)>& go_on);

}  // namespace nelbo
