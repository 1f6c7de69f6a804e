#include "lab/statistics/learners/boosted_trees.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "autodiff/array_math.hpp"

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
  Grower(const CutTable& table, std::span<const double> residuals, std::size_t depth,
         std::vector<double>& gains)
      : table_(table), residuals_(residuals), depth_(depth), gains_(gains), node_(table.rows, 0) {}

  BoostedTree grow(std::size_t classes) {
    for (std::size_t level = 0; level < depth_; ++level) split_level(std::size_t{1} << level);
    tree_.leaves = leaves(classes);
    return std::move(tree_);
  }

  /// Which leaf each point fell into, [N].
  const std::vector<std::uint8_t>& leaf() const { return node_; }

 private:
  void split_level(std::size_t nodes) {
    std::vector<Choice> choices(nodes);
    std::vector<CellSum> sums(nodes * most_cells);
    for (std::size_t d = 0; d < table_.columns.size(); ++d) {
      const LineCells& column = table_.columns[d];
      std::fill(sums.begin(), sums.end(), CellSum{});
      for (std::size_t n = 0; n < table_.rows; ++n) {
        CellSum& sum = sums[node_[n] * most_cells + column.cell[n]];
        sum.residual += residuals_[n], sum.count += 1;
      }
      for (std::size_t i = 0; i < nodes; ++i) {
        improve(choices[i], std::span(sums).subspan(i * most_cells, column.ends.size()), d);
      }
    }
    for (const Choice& choice : choices) {
      gains_[choice.feature] += choice.gain;
      tree_.splits.push_back(
          {std::uint32_t(choice.feature), choice.cell == most_cells
                                              ? std::numeric_limits<double>::infinity()
                                              : table_.columns[choice.feature].ends[choice.cell]});
    }
    for (std::size_t n = 0; n < table_.rows; ++n) {
      const Choice& choice = choices[node_[n]];
      const bool right = table_.columns[choice.feature].cell[n] > choice.cell;
      node_[n] = std::uint8_t(2 * node_[n] + right);
    }
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
    std::vector<double> sums(std::size_t{1} << depth_, 0.0), curvatures(sums.size(), 0.0);
    for (std::size_t n = 0; n < table_.rows; ++n) {
      const double r = residuals_[n];
      sums[node_[n]] += r, curvatures[node_[n]] += std::abs(r) * (1 - std::abs(r));
    }
    for (std::size_t i = 0; i < sums.size(); ++i) {
      sums[i] = curvatures[i] < 1e-150
                    ? 0
                    : double(classes - 1) / double(classes) * sums[i] / curvatures[i];
    }
    return sums;
  }

  const CutTable& table_;
  std::span<const double> residuals_;
  std::size_t depth_;
  std::vector<double>& gains_;
  std::vector<std::uint8_t> node_;  // [N], of the level that is split next
  BoostedTree tree_;
};

/// Probabilities [K, N] of scores [K, N].
void softmax(const std::vector<double>& scores, std::vector<double>& probabilities,
             std::size_t classes) {
  const std::size_t rows = scores.size() / classes;
  std::vector<double> most(scores.begin(), scores.begin() + std::ptrdiff_t(rows)), sums(rows, 0.0);
  for (std::size_t i = rows; i < scores.size(); ++i) {
    most[i % rows] = std::max(most[i % rows], scores[i]);
  }
  for (std::size_t i = 0; i < scores.size(); ++i) probabilities[i] = scores[i] - most[i % rows];
  exp_of(probabilities.data(), probabilities.data(), probabilities.size());
  for (std::size_t i = 0; i < scores.size(); ++i) sums[i % rows] += probabilities[i];
  for (std::size_t i = 0; i < scores.size(); ++i) probabilities[i] /= sums[i % rows];
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
  std::vector<double> column(rows);
  for (std::size_t d = 0; d < x.columns(); ++d) {
    for (std::size_t n = 0; n < rows; ++n) column[n] = x(n, d);
    columns.emplace_back(column);
  }
}

BoostedTrees fit_boosted_trees(const CutTable& table, std::span<const std::int32_t> labels,
                               std::size_t classes, const BoostingOptions& options) {
  const std::size_t rows = table.rows;
  BoostedTrees result{.classes = classes, .first = {}, .trees = {}, .importances = {}};
  std::vector<double> frequency(classes, 0.0), gains(table.columns.size(), 0.0);
  for (const std::int32_t y : labels) ++frequency[std::size_t(y)];
  std::vector<double> scores(classes * rows), probabilities(classes * rows), residuals(rows);
  for (std::size_t k = 0; k < classes; ++k) {
    // A class without points keeps a finite score, below that of all others.
    result.first.push_back(std::log(std::max(frequency[k], 1e-3) / double(rows)));
    std::fill_n(scores.begin() + std::ptrdiff_t(k * rows), rows, result.first[k]);
  }
  for (std::size_t round = 0; round < options.rounds; ++round) {
    softmax(scores, probabilities, classes);
    for (std::size_t k = 0; k < classes; ++k) {
      for (std::size_t n = 0; n < rows; ++n) {
        residuals[n] = (labels[n] == std::int32_t(k)) - probabilities[k * rows + n];
      }
      Grower grower(table, residuals, options.depth, gains);
      BoostedTree tree = grower.grow(classes);
      for (double& leaf : tree.leaves) leaf *= options.rate;
      for (std::size_t n = 0; n < rows; ++n) scores[k * rows + n] += tree.leaves[grower.leaf()[n]];
      result.trees.push_back(std::move(tree));
    }
  }
  double all = 0;
  for (const double gain : gains) all += gain;
  for (const double gain : gains) result.importances.push_back(all > 0 ? gain / all : 0);
  return result;
}

std::vector<std::int32_t> BoostedTrees::classes_of(TableView x) const {
  std::vector<std::int32_t> result(x.rows());
  for (std::size_t n = 0; n < result.size(); ++n) {
    std::vector<double> scores = first;
    for (std::size_t i = 0; i < trees.size(); ++i) {
      scores[i % classes] += value_at(trees[i], x.row(n));
    }
    result[n] = std::int32_t(std::max_element(scores.begin(), scores.end()) - scores.begin());
  }
  return result;
}

}  // namespace nelbo::learners
