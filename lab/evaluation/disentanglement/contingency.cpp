#include "lab/evaluation/disentanglement/contingency.hpp"

#include <cmath>

namespace nelbo::disentanglement {
namespace {

double n_log_n(std::uint64_t n) { return n == 0 ? 0 : double(n) * std::log(double(n)); }

/// A sum of n log n over counts, and how many of them are above 0.
struct Sum {
  double value = 0, occupied = 0;
  std::uint64_t total = 0;

  void add(std::uint64_t n) {
    value += n_log_n(n);
    occupied += n > 0;
    total += n;
  }
};

}  // namespace

TableInformation count_information(const Classes& a, const Classes& b, PointWeights weights,
                                   std::vector<std::uint32_t>& counts) {
  counts.assign(a.count * b.count, 0);
  if (weights.empty()) {
    for (std::size_t n = 0; n < a.of.size(); ++n) ++counts[a.of[n] * b.count + b.of[n]];
  } else {
    for (std::size_t n = 0; n < a.of.size(); ++n) counts[a.of[n] * b.count + b.of[n]] += weights[n];
  }
  Sum cells, rows, columns;
  std::vector<std::uint64_t> column(b.count, 0);
  for (std::size_t i = 0; i < a.count; ++i) {
    std::uint64_t row = 0;
    for (std::size_t j = 0; j < b.count; ++j) {
      const std::uint32_t n = counts[i * b.count + j];
      cells.add(n);
      row += n;
      column[j] += n;
    }
    rows.add(row);
  }
  for (const std::uint64_t n : column) columns.add(n);
  if (cells.total == 0) return {};
  const double total = double(cells.total), log_total = std::log(total);
  return {.information = log_total + (cells.value - rows.value - columns.value) / total,
          .row_entropy = log_total - rows.value / total,
          .entropy = log_total - columns.value / total,
          .freedom = cells.occupied - rows.occupied - columns.occupied + 1};
}

}  // namespace nelbo::disentanglement
