#include "lab/evaluation/bound_lattice.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <map>
#include <memory>
#include <span>

#include "autodiff/threads.hpp"
#include "lab/evaluation/log_weight_tape.hpp"
#include "lab/statistics/importance_diagnostics.hpp"

namespace nelbo {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

/// MC_k-IW_m of one example at one m, as its draws pass by, for every k that is wanted.
class GroupedWeights {
 public:
  /// `tails`: whether the weights may have one, which those of finitely many codes have not.
  GroupedWeights(std::int64_t m, std::int64_t groups, bool tails)
      : m_(m), groups_(groups), tails_(tails), group_(m) {}

  /// Calls at_end(groups so far, totals) when a group is complete.
  template <class F>
  void add(double f, F&& at_end) {
    if (done_ == groups_) return;
    group_.add(f);
    if (std::int64_t(group_.size()) < m_) return;
    const double value = group_.log_mean();
    const ParetoTail tail = tails_ ? group_.pareto_tail() : ParetoTail{nan, nan};
    const bool fitted = !std::isnan(tail.k);
    totals_.value += value;
    totals_.smoothed += fitted ? tail.smoothed_log_mean : value;
    totals_.ess += group_.effective_sample_size();
    if (fitted) {
      totals_.khat += tail.k;
      totals_.heavy += tail.k > pareto_k_of_infinite_variance;
      totals_.beyond += tail.k > pareto_k_limit(std::size_t(m_));
      totals_.fitted += 1;
    }
    group_.clear();
    at_end(++done_, totals_);
  }

  void clear() {
    group_.clear();
    done_ = 0;
    totals_ = {};
  }

 private:
  std::int64_t m_, groups_;
  bool tails_;
  std::int64_t done_ = 0;
  ImportanceWeights group_;
  CellTotals totals_;
};

/// Everything of one example.
class ExampleLattice {
 public:
  ExampleLattice(const std::vector<LatticeCell>& cells, bool tails) : cells_(&cells) {
    std::map<std::int64_t, std::int64_t> groups;  // of each m
    for (const LatticeCell& cell : cells) {
      groups[cell.m] = std::max(groups[cell.m], cell.k);
    }
    for (const auto& [m, most] : groups) {
      columns_.push_back({GroupedWeights(m, most, tails), {}});
      for (std::size_t c = 0; c < cells.size(); ++c) {
        if (cells[c].m == m) columns_.back().cells.push_back(c);
      }
    }
  }

  void clear() {
    for (Column& column : columns_) column.weights.clear();
  }

  /// One more log-weight. Cell c that it completes goes to results[c].
  void add(double f, CellTotals* results) {
    for (Column& column : columns_) {
      column.weights.add(f, [&](std::int64_t groups, const CellTotals& totals) {
        for (const std::size_t c : column.cells) {
          if ((*cells_)[c].k == groups) results[c] = totals;
        }
      });
    }
  }

 private:
  struct Column {
    GroupedWeights weights;
    std::vector<std::size_t> cells;
  };
  const std::vector<LatticeCell>* cells_;
  std::vector<Column> columns_;
};

/// Draws of each example.
std::int64_t draws_of(const std::vector<LatticeCell>& cells) {
  std::int64_t draws = 0;
  for (const LatticeCell& cell : cells) draws = std::max(draws, cell.k * cell.m);
  return draws;
}

/// The bounds of single examples, from what each came to: totals [count, cells].
std::vector<double> values_of(const std::vector<LatticeCell>& cells,
                              const std::vector<CellTotals>& totals) {
  std::vector<double> values(totals.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = totals[i].value / double(cells[i % cells.size()].k);
  }
  return values;
}

/// The rows from the same.
std::vector<LatticeRow> rows_of(const std::vector<LatticeCell>& cells,
                                const std::vector<CellTotals>& totals) {
  const std::size_t width = cells.size(), count = totals.size() / width;
  std::vector<LatticeRow> rows;
  std::map<std::int64_t, std::size_t> before;  // the last row of each k
  for (std::size_t c = 0; c < width; ++c) {
    const auto [k, m] = cells[c];
    const auto last = before.find(k);
    RunningMean value, rise, smoothed;
    LatticeRow row{.cell = cells[c]};
    double fitted = 0;
    for (std::size_t n = 0; n < count; ++n) {
      const CellTotals& of = totals[n * width + c];
      value.add(of.value / double(k));
      smoothed.add(of.smoothed / double(k));
      if (last != before.end()) {
        rise.add((of.value - totals[n * width + last->second].value) / double(k));
      }
      const double groups = double(k) * double(count);
      row.ess += of.ess / groups;
      row.khat += of.khat;
      row.heavy_share += of.heavy;
      row.beyond_limit_share += of.beyond;
      fitted += of.fitted;
    }
    row.khat /= fitted;  // NaN where there is none
    row.heavy_share /= fitted;
    row.beyond_limit_share /= fitted;
    if (fitted > 0) row.smoothed = smoothed.result();
    row.value = value.result();
    if (last != before.end()) row.rise = rise.result();
    before[k] = c;
    rows.push_back(row);
  }
  return rows;
}

}  // namespace

struct LatticeReader::Reading {
  Reading(const Model& model, const Examples& all, std::size_t n,
          const std::vector<LatticeCell>& wanted, std::uint64_t of_noise)
      : examples(all),
        count(n),
        cells(wanted),
        seed(of_noise),
        draws(draws_of(wanted)),
        tape(model, draws, n),
        running(tape.batch(), ExampleLattice(cells, !model.codes().discrete())) {}

  const Examples& examples;
  std::size_t count;
  std::vector<LatticeCell> cells;
  std::uint64_t seed;
  std::int64_t draws;
  LogWeightTape tape;
  std::vector<ExampleLattice> running;  // [B]
};

LatticeReader::LatticeReader(const Model& model, const Examples& examples, std::size_t count,
                             const std::vector<LatticeCell>& cells, std::uint64_t seed)
    : reading_(std::make_unique<Reading>(model, examples, count, cells, seed)) {}

LatticeReader::~LatticeReader() = default;

std::size_t LatticeReader::batches() const {
  const std::size_t batch = reading_->tape.batch();
  return (reading_->count + batch - 1) / batch;
}

std::int64_t LatticeReader::draws() const { return reading_->draws; }

bool LatticeReader::read(std::size_t batch, const std::function<bool(double)>& go_on,
                         std::vector<CellTotals>& totals) {
  Reading& of = *reading_;
  const std::size_t size = of.tape.batch(), first = batch * size, width = of.cells.size();
  const std::size_t here = std::min(size, of.count - first), before = totals.size();
  of.tape.load(of.examples, first, here);
  for (ExampleLattice& example : of.running) example.clear();
  totals.resize(before + here * width);
  for (std::int64_t draw = 0; draw < of.draws; draw += of.tape.chunk()) {
    const std::span<const float> f = of.tape.run(of.seed, draw);  // [C, B]
    const std::size_t chunk = std::size_t(std::min(of.tape.chunk(), of.draws - draw));
    parallel_for(here, [&](std::size_t b) {
      for (std::size_t c = 0; c < chunk; ++c) {
        of.running[b].add(double(f[c * size + b]), &totals[before + b * width]);
      }
    });
    if (!go_on(double(draw + std::int64_t(chunk)) / double(of.draws))) return false;
  }
  return true;
}

Lattice lattice_of(const std::vector<LatticeCell>& cells, const std::vector<CellTotals>& totals) {
  return {
      .rows = rows_of(cells, totals), .values = values_of(cells, totals), .draws = draws_of(cells)};
}

std::optional<Lattice> estimate_lattice(const Model& model, const Examples& examples,
                                        std::size_t count, const std::vector<LatticeCell>& cells,
                                        std::uint64_t seed,
                                        const std::function<bool(double)>& go_on) {
  const auto start = std::chrono::steady_clock::now();
  LatticeReader reader(model, examples, count, cells, seed);
  std::vector<CellTotals> totals;
  for (std::size_t batch = 0; batch < reader.batches(); ++batch) {
    const auto after = [&](double share) {
      return go_on((double(batch) + share) / double(reader.batches()));
    };
    if (!reader.read(batch, after, totals)) return std::nullopt;
  }
  Lattice lattice = lattice_of(cells, totals);
  lattice.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return lattice;
}

}  // namespace nelbo
