#include "lab/evaluation/disentanglement/aggregators.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace nelbo::disentanglement {
namespace {

double sum(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0);
}

/// 1 - H(values / sum) / ln(choices): 1 where one has all, 0 where all have alike. Of one choice 1.
double concentration(const std::vector<double>& values, std::size_t choices) {
  if (choices < 2) return 1;
  const double total = sum(values);
  double entropy = 0;
  for (const double value : values) {
    if (value > 0) entropy -= value / total * std::log(value / total);
  }
  return 1 - entropy / std::log(double(choices));
}

double modularity_of(const std::vector<double>& values) {
  if (values.size() < 2) return 1;
  const double most = *std::max_element(values.begin(), values.end());
  double others = -1;  // the largest itself
  for (const double value : values) others += value / most * (value / most);
  return 1 - others / double(values.size() - 1);
}

/// The mean of a number of every code that tells anything, weighted by how much.
template <class Score>
double by_importance(const Matrix& matrix, const Score& score) {
  double all = 0, total = 0;
  for (std::size_t d = 0; d < matrix.rows(); ++d) {
    const std::vector<double> values = row(matrix, d);
    const double weight = sum(values);
    if (!(weight > 0)) continue;
    all += weight * score(values);
    total += weight;
  }
  return total > 0 ? all / total : 0;
}

}  // namespace

std::vector<double> row(const Matrix& matrix, std::size_t d) {
  std::vector<double> values(matrix.columns());
  for (std::size_t k = 0; k < values.size(); ++k) values[k] = matrix(d, k);
  return values;
}

std::vector<double> column(const Matrix& matrix, std::size_t k) {
  std::vector<double> values(matrix.rows());
  for (std::size_t d = 0; d < values.size(); ++d) values[d] = matrix(d, k);
  return values;
}

Lead lead(std::span<const double> values) {
  Lead of;
  for (std::size_t i = 1; i < values.size(); ++i) {
    if (values[i] > values[of.best]) of.best = i;
  }
  double second = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i != of.best) second = std::max(second, values[i]);
  }
  if (!values.empty()) of.gap = values[of.best] - second;
  return of;
}

double gap(const Matrix& matrix) {
  double all = 0;
  for (std::size_t k = 0; k < matrix.columns(); ++k) all += lead(column(matrix, k)).gap;
  return all / double(matrix.columns());
}

double dci_disentanglement(const Matrix& matrix) {
  return by_importance(matrix, [&](const std::vector<double>& values) {
    return concentration(values, matrix.columns());
  });
}

double dci_completeness(const Matrix& matrix) {
  std::size_t live = 0;
  for (std::size_t d = 0; d < matrix.rows(); ++d) live += sum(row(matrix, d)) > 0;
  double all = 0;
  for (std::size_t k = 0; k < matrix.columns(); ++k) {
    const std::vector<double> values = column(matrix, k);
    if (sum(values) > 0) all += concentration(values, live);
  }
  return all / double(matrix.columns());
}

double modularity(const Matrix& matrix) { return by_importance(matrix, modularity_of); }

double sup_gap(const Matrix& matrix) {
  return by_importance(matrix, [](const std::vector<double>& values) { return lead(values).gap; });
}

double dcimig(const Matrix& information, std::span<const double> factor_entropy) {
  std::vector<double> most(information.columns(), 0.0);
  for (std::size_t d = 0; d < information.rows(); ++d) {
    const Lead of = lead(row(information, d));
    most[of.best] = std::max(most[of.best], of.gap);
  }
  const double total = std::accumulate(factor_entropy.begin(), factor_entropy.end(), 0.0);
  return total > 0 ? sum(most) / total : 0;
}

double jemmig(const Matrix& information, std::span<const double> factor_entropy,
              std::span<const double> code_entropy, std::span<const std::size_t> bins) {
  double all = 0;
  for (std::size_t k = 0; k < information.columns(); ++k) {
    const std::vector<double> values = column(information, k);
    const auto [best, gap] = lead(values);
    if (!(values[best] > 0)) continue;
    const double joint = factor_entropy[k] + code_entropy[best] - values[best];
    all += 1 - (joint - gap) / (factor_entropy[k] + std::log(double(bins[best])));
  }
  return all / double(information.columns());
}

double modularity_of_all_codes(const Matrix& matrix) {
  double all = 0;
  for (std::size_t d = 0; d < matrix.rows(); ++d) {
    const std::vector<double> values = row(matrix, d);
    if (sum(values) > 0) all += modularity_of(values);
  }
  return all / double(matrix.rows());
}

double dci_completeness_by_columns(const Matrix& matrix) {
  double all = 0, total = 0;
  for (std::size_t k = 0; k < matrix.columns(); ++k) {
    const std::vector<double> values = column(matrix, k);
    const double weight = sum(values);
    if (!(weight > 0)) continue;
    all += weight * concentration(values, matrix.rows());
    total += weight;
  }
  return total > 0 ? all / total : 0;
}

}  // namespace nelbo::disentanglement
