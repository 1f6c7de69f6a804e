#include "lab/evaluation/disentanglement/correlation.hpp"

#include <cmath>
#include <vector>

namespace nelbo::disentanglement {
namespace {

/// Columns next to each other, codes and then factors, of mean 0 under the weights: [D + K, N].
struct Centred {
  std::vector<double> values;
  std::vector<double> variances;  // of each, as sums of squares; 0 of what varies by rounding alone
};

double weight_of(PointWeights weights, std::size_t n) {
  return weights.empty() ? 1.0 : double(weights[n]);
}

Centred centred(const Points& points, PointWeights weights) {
  const std::size_t count = points.count(), D = points.dimensions, K = points.factors.size();
  Centred all{std::vector<double>((D + K) * count), std::vector<double>(D + K, 0.0)};
  for (std::size_t c = 0; c < D + K; ++c) {
    double* const column = all.values.data() + c * count;
    double sum = 0, total = 0, squares = 0, raw = 0;
    for (std::size_t n = 0; n < count; ++n) {
      column[n] = c < D ? points.codes[n * D + c] : points.factors[c - D].values[n];
      sum += weight_of(weights, n) * column[n];
      total += weight_of(weights, n);
    }
    for (std::size_t n = 0; n < count; ++n) {
      raw += weight_of(weights, n) * column[n] * column[n];
      column[n] -= sum / total;
      squares += weight_of(weights, n) * column[n] * column[n];
    }
    constexpr double rounding = 1e-24;
    if (squares > rounding * raw) all.variances[c] = squares;
  }
  return all;
}

}  // namespace

Matrix squared_correlation(const Points& points, PointWeights weights) {
  const std::size_t count = points.count(), D = points.dimensions, K = points.factors.size();
  const Centred of = centred(points, weights);
  Matrix squares(D, K);
  for (std::size_t d = 0; d < D; ++d) {
    for (std::size_t k = 0; k < K; ++k) {
      const double variances = of.variances[d] * of.variances[D + k];
      if (!(variances > 0)) continue;
      const double* const code = of.values.data() + d * count;
      const double* const factor = of.values.data() + (D + k) * count;
      double product = 0;
      for (std::size_t n = 0; n < count; ++n)
        product += weight_of(weights, n) * code[n] * factor[n];
      squares(d, k) = product / of.variances[d] * (product / of.variances[D + k]);
    }
  }
  return squares;
}

}  // namespace nelbo::disentanglement
