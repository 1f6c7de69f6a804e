#include "lab/statistics/learners/boosted_trees.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "autodiff/array_math.hpp"
#include "autodiff/threads.hpp"

namespace nelbo::learners {
namespace {

/// Sums of the residuals of the points in a cell.
struct CellSum {
  double residual = 0, count = 0;
};

struct Choice {
  double gain = 0;
  std::size_t feature = 0, cell = most_cells;  // the last cell that goes left; most_cells: all go
};

/// Grows one tree on residuals.
class Grower {
 public:
  Grower(const CutTable& table, std::span<const double> residuals, std::size_t depth)
      : table_(table),
        residuals_(residuals),
        depth_(depth),
        rows_(table.rows),
        ends_{table.rows},
        sums_(sums_of_node()) {
    std::iota(rows_.begin(), rows_.end(), 0u);
    add_rows(0, table.rows, sums_);
  }

  BoostedTree grow(std::size_t classes) {
    for (std::size_t level = 0; level < depth_; ++level) {
      split_level();
      if (level + 1 < depth_) sum_children();
    }
    tree_.leaves = leaves(classes);
    return std::move(tree_);
  }

  /// What the splits gained, [splits].
  const std::vector<double>& gains() const { return gains_; }

  /// Adds to the score of each point what its leaf says.
  void add_to(std::span<double> scores, const BoostedTree& tree) const {
    for (std::size_t leaf = 0, i = 0; leaf < ends_.size(); ++leaf) {
      for (; i < ends_[leaf]; ++i) scores[rows_[i]] += tree.leaves[leaf];
    }
  }

 private:
  std::size_t sums_of_node() const { return table_.columns.size() * most_cells; }

  /// Adds the points rows_[first .. last) to sums [D, cells].
  void add_rows(std::size_t first, std::size_t last, std::span<CellSum> sums) const {
    for (std::size_t d = 0; d < table_.columns.size(); ++d) {
      const std::uint32_t* cell = table_.columns[d].cell.data();
      CellSum* of = &sums[d * most_cells];
      for (std::size_t i = first; i < last; ++i) {
        CellSum& sum = of[cell[rows_[i]]];
        sum.residual += residuals_[rows_[i]], sum.count += 1;
      }
    }
  }

  /// Splits every node at its best end; the points of its left child stand before those of its right.
  void split_level() {
    std::vector<std::size_t> children;
    for (std::size_t node = 0, first = 0; node < ends_.size(); first = ends_[node++]) {
      Choice choice;
      for (std::size_t d = 0; d < table_.columns.size(); ++d) {
        improve(choice,
                std::span(sums_).subspan(node * sums_of_node() + d * most_cells,
                                         table_.columns[d].ends.size()),
                d);
      }
      gains_.push_back(choice.gain);
      const LineCells& column = table_.columns[choice.feature];
      tree_.splits.push_back({std::uint32_t(choice.feature),
                              choice.cell == most_cells ? std::numeric_limits<double>::infinity()
                                                        : column.ends[choice.cell]});
      const auto middle = std::stable_partition(
          rows_.begin() + std::ptrdiff_t(first), rows_.begin() + std::ptrdiff_t(ends_[node]),
          [&](std::uint32_t n) { return column.cell[n] <= choice.cell; });
      children.push_back(std::size_t(middle - rows_.begin()));
      children.push_back(ends_[node]);
    }
    ends_ = std::move(children);
  }

  /// Sums of the smaller child of every node; the other's are the node's less those.
  void sum_children() {
    const std::size_t size = sums_of_node();
    std::vector<CellSum> sums(ends_.size() * size);
    for (std::size_t left = 0; left < ends_.size(); left += 2) {
      const std::size_t first = left == 0 ? 0 : ends_[left - 1], middle = ends_[left],
                        last = ends_[left + 1];
      const bool left_is_small = middle - first <= last - middle;
      CellSum* small = &sums[(left + !left_is_small) * size];
      CellSum* large = &sums[(left + left_is_small) * size];
      add_rows(left_is_small ? first : middle, left_is_small ? middle : last, {small, size});
      const CellSum* both = &sums_[left / 2 * size];
      for (std::size_t i = 0; i < size; ++i) {
        large[i] = {both[i].residual - small[i].residual, both[i].count - small[i].count};
      }
    }
    sums_ = std::move(sums);
  }

  /// Takes a better end of feature d, if there is one.
  static void improve(Choice& choice, std::span<const CellSum> sums, std::size_t d) {
    CellSum all, left;
    for (const CellSum& sum : sums) all.residual += sum.residual, all.count += sum.count;
    for (std::size_t cell = 0; cell + 1 < sums.size(); ++cell) {
      left.residual += sums[cell].residual, left.count += sums[cell].count;
      const double rest = all.count - left.count;
      if (sums[cell].count == 0 || rest == 0) continue;
      const double difference = left.residual / left.count - (all.residual - left.residual) / rest;
      const double gain = left.count * rest / all.count * difference * difference;
      // What is not above rounding is no gain.
      if (gain > choice.gain * (1 + 1e-12) && gain > 1e-14 * all.count) choice = {gain, d, cell};
    }
  }

  /// One Newton step of the deviance: (K - 1) / K sum r / sum |r| (1 - |r|).
  std::vector<double> leaves(std::size_t classes) const {
    std::vector<double> values;
    for (std::size_t leaf = 0, i = 0; leaf < ends_.size(); ++leaf) {
      double sum = 0, curvature = 0;
      for (; i < ends_[leaf]; ++i) {
        const double r = residuals_[rows_[i]];
        sum += r, curvature += std::abs(r) * (1 - std::abs(r));
      }
      const double share = double(classes - 1) / double(classes);
      values.push_back(curvature < 1e-150 ? 0 : share * sum / curvature);
    }
    return values;
  }

  const CutTable& table_;
  std::span<const double> residuals_;
  std::size_t depth_;
  std::vector<std::uint32_t> rows_;  // [N], node after node
  std::vector<std::size_t> ends_;    // [nodes], where nodes end in rows_
  std::vector<CellSum> sums_;        // [nodes, D, cells]
  BoostedTree tree_;
  std::vector<double> gains_;
};

/// Calls f(first, last) for chunks of `count`, on several threads.
template <class F>
void for_ranges(std::size_t count, std::size_t of_chunk, const F& f) {
  parallel_for((count + of_chunk - 1) / of_chunk, [&](std::size_t chunk) {
    f(chunk * of_chunk, std::min(count, (chunk + 1) * of_chunk));
  });
}

/// Probabilities [K, N] of scores [K, N].
void softmax(const std::vector<double>& scores, std::vector<double>& probabilities,
             std::size_t classes) {
  const std::size_t rows = scores.size() / classes, rows_of_chunk = chunk_elements / classes + 1;
  for_ranges(rows, rows_of_chunk, [&](std::size_t first, std::size_t last) {
    std::vector<double> most(scores.begin() + std::ptrdiff_t(first),
                             scores.begin() + std::ptrdiff_t(last));
    for (std::size_t at = rows; at < scores.size(); at += rows) {
      for (std::size_t n = first; n < last; ++n) {
        most[n - first] = std::max(most[n - first], scores[at + n]);
      }
    }
    for (std::size_t at = 0; at < scores.size(); at += rows) {
      for (std::size_t n = first; n < last; ++n) {
        probabilities[at + n] = scores[at + n] - most[n - first];
      }
    }
  });
  for_ranges(scores.size(), chunk_elements, [&](std::size_t first, std::size_t last) {
    exp_of(&probabilities[first], &probabilities[first], last - first);
  });
  for_ranges(rows, rows_of_chunk, [&](std::size_t first, std::size_t last) {
    std::vector<double> sums(last - first, 0.0);
    for (std::size_t at = 0; at < scores.size(); at += rows) {
      for (std::size_t n = first; n < last; ++n) sums[n - first] += probabilities[at + n];
    }
    for (std::size_t at = 0; at < scores.size(); at += rows) {
      for (std::size_t n = first; n < last; ++n) probabilities[at + n] /= sums[n - first];
    }
  });
}

double value_at(const BoostedTree& tree, std::span<const double> x) {
  std::size_t node = 0;
  while (node < tree.splits.size()) {
    const BoostedTree::Split& split = tree.splits[node];
    node = 2 * node + (x[split.feature] <= split.end ? 1 : 2);
  }
  return tree.leaves[node - tree.splits.size()];
}

}  // namespace

CutTable::CutTable(TableView x) : rows(x.rows()) {
  for (std::size_t d = 0; d < x.columns(); ++d) columns.emplace_back(x.column(d));
}

BoostedTrees fit_boosted_trees(const CutTable& table, std::span<const std::int32_t> labels,
                               std::size_t classes, const BoostingOptions& options) {
  const std::size_t rows = table.rows;
  BoostedTrees result{.classes = classes, .first = {}, .trees = {}, .importances = {}};
  std::vector<double> frequency(classes, 0.0), gains(table.columns.size(), 0.0);
  for (const std::int32_t y : labels) ++frequency[std::size_t(y)];
  std::vector<double> scores(classes * rows), probabilities(classes * rows);
  for (std::size_t k = 0; k < classes; ++k) {
    // A class without points keeps a finite score, below that of all others.
    result.first.push_back(std::log(std::max(frequency[k], 1e-3) / double(rows)));
    std::fill_n(scores.begin() + std::ptrdiff_t(k * rows), rows, result.first[k]);
  }
  for (std::size_t round = 0; round < options.rounds; ++round) {
    softmax(scores, probabilities, classes);
    std::vector<BoostedTree> trees(classes);
    std::vector<std::vector<double>> gained(classes);
    parallel_for(classes, [&](std::size_t k) {
      std::vector<double> residuals(rows);
      for (std::size_t n = 0; n < rows; ++n) {
        residuals[n] = (labels[n] == std::int32_t(k)) - probabilities[k * rows + n];
      }
      Grower grower(table, residuals, options.depth);
      trees[k] = grower.grow(classes);
      for (double& leaf : trees[k].leaves) leaf *= options.rate;
      grower.add_to(std::span(scores).subspan(k * rows, rows), trees[k]);
      gained[k] = grower.gains();
    });
    for (std::size_t k = 0; k < classes; ++k) {
      for (std::size_t i = 0; i < gained[k].size(); ++i) {
        gains[trees[k].splits[i].feature] += gained[k][i];
      }
      result.trees.push_back(std::move(trees[k]));
    }
  }
  double all = 0;
  for (const double gain : gains) all += gain;
  for (const double gain : gains) result.importances.push_back(all > 0 ? gain / all : 0);
  return result;
}

std::vector<std::int32_t> BoostedTrees::classes_of(TableView x) const {
  std::vector<std::int32_t> result(x.rows());
  for_ranges(result.size(), 250, [&](std::size_t begin, std::size_t end) {
    for (std::size_t n = begin; n < end; ++n) {
      std::vector<double> scores = first;
      for (std::size_t i = 0; i < trees.size(); ++i) {
        scores[i % classes] += value_at(trees[i], x.row(n));
      }
      result[n] = std::int32_t(std::max_element(scores.begin(), scores.end()) - scores.begin());
    }
  });
  return result;
}

}  // namespace nelbo::learners
