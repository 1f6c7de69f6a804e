// Quantiles of beta variables in float: of the logit y, the table has w = (y - log a / b) / sqrt(1 / a + 1 / b),
// which tends to g, over log a, log b and g.
#include <cmath>
#include <numbers>
#include <vector>

#include "autodiff/special/beta_quantile.hpp"
#include "autodiff/special/quantile_table.hpp"

namespace nelbo::special {
namespace {

constexpr Axis logarithms{-1, 6.24, 0.16}, quantiles{-5.6, 5.6, 0.2};

double normal_cdf(double g) { return 0.5 * std::erfc(-g / std::numbers::sqrt2); }

class BetaTable {
 public:
  BetaTable() : values_(rows * rows * columns) {
    for (std::size_t i = 0; i < rows; ++i) {
      for (std::size_t j = 0; j <= i; ++j) fill(i, j);
    }
  }
  struct Value {
    double value, by_a, by_b;  // w and its derivatives by the logarithms
  };
  Value at(double log_a, double log_b, double g) const {
    const Stencil a(logarithms, log_a), b(logarithms, log_b), along(quantiles, g);
    Value result{0, 0, 0};
    for (std::size_t i = 0; i < stencil_nodes; ++i) {
      double of_row = 0, by_b = 0;
      for (std::size_t j = 0; j < stencil_nodes; ++j) {
        const double w = weighted(row(a.node + i, b.node + j) + along.node, along.weight);
        of_row += b.weight[j] * w;
        by_b += b.slope[j] * w;
      }
      result.value += a.weight[i] * of_row;
      result.by_a += a.slope[i] * of_row;
      result.by_b += a.weight[i] * by_b;
    }
    return result;
  }

 private:
  const double* row(std::size_t i, std::size_t j) const {
    return values_.data() + (i * rows + j) * columns;
  }
  /// Of 1 - x, whose parameters are exchanged, y and g have the other sign.
  void fill(std::size_t i, std::size_t j) {
    const double log_a = logarithms.node(i), log_b = logarithms.node(j);
    const LogitBeta beta(std::exp(log_a), std::exp(log_b));
    const double scale = std::sqrt(std::exp(-log_a) + std::exp(-log_b));
    for (std::size_t k = 0; k < columns; ++k) {
      const double g = quantiles.node(k);
      const double y = beta.quantile(normal_cdf(g), normal_cdf(-g));
      const double w = (y - (log_a - log_b)) / scale;
      values_[(i * rows + j) * columns + k] = w;
      values_[(j * rows + i) * columns + columns - 1 - k] = -w;
    }
  }

  const std::size_t rows = logarithms.nodes(), columns = quantiles.nodes();
  std::vector<double> values_;  // w by log a, log b and g
};

}  // namespace

Tabulated<2> tabulated_logit_beta(double a, double b, double g) {
  static const BetaTable table;
  const double log_a = std::log(a), log_b = std::log(b);
  if (!logarithms.reaches(log_a) || !logarithms.reaches(log_b) || !quantiles.reaches(g)) return {};
  const auto [w, by_a, by_b] = table.at(log_a, log_b, g);
  const double scale = std::sqrt(1 / a + 1 / b);
  return {log_a - log_b + scale * w,
          {(1 + scale * by_a - 0.5 * w / (a * scale)) / a,
           (-1 + scale * by_b - 0.5 * w / (b * scale)) / b},
          true};
}

}  // namespace nelbo::special
