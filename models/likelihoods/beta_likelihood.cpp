#include "models/likelihoods/beta_likelihood.hpp"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "autodiff/ops/elementwise_ops.hpp"
#include "autodiff/ops/shape_ops.hpp"
#include "autodiff/special/gamma.hpp"
#include "models/distributions/beta.hpp"
#include "models/likelihoods/moments_of.hpp"

namespace nelbo {
namespace {

/// a and b of the greatest likelihood for E log x and E log(1 - x), from a start by the moments.
std::pair<double, double> greatest_likelihood(double a, double b, double log_x, double log_rest) {
  using special::digamma, special::trigamma;
  for (int step = 0; step < 200; ++step) {
    const double of_total = digamma(a + b), shared = trigamma(a + b);
    const double ga = log_x - digamma(a) + of_total, gb = log_rest - digamma(b) + of_total;
    // Minus the Hessian of the log-likelihood, which is concave.
    const double aa = trigamma(a) - shared, bb = trigamma(b) - shared;
    const double determinant = aa * bb - shared * shared;
    const double da = (bb * ga + shared * gb) / determinant;
    const double db = (aa * gb + shared * ga) / determinant;
    if (!std::isfinite(da) || !std::isfinite(db)) break;
    const double next_a = std::max(a + da, a / 4), next_b = std::max(b + db, b / 4);
    const bool still = std::fabs(next_a - a) < 1e-13 * a && std::fabs(next_b - b) < 1e-13 * b;
    a = next_a, b = next_b;
    if (still) break;
  }
  return {a, b};
}

}  // namespace

Var BetaLikelihood::feature_log_prob(Var output, Var x) const {
  return Beta{parameter(output, 0), parameter(output, 1)}.log_densities(x);
}

Var BetaLikelihood::mean(Var output) const {
  return Beta{parameter(output, 0), parameter(output, 1)}.expectation();
}

Var BetaLikelihood::sample(Var output, Var noise) const {
  return Beta{parameter(output, 0), parameter(output, 1)}.sample(noise);
}

void BetaLikelihood::add_statistics(double x, double* sums) const {
  sums[0] += std::log(x);
  sums[1] += std::log1p(-x);
}

Tensor BetaLikelihood::output_start(const DataMoments& moments) const {
  constexpr double least = 1e-3;  // of the variance beside that of zeros and ones
  const std::vector<double> logs = statistics_of(*this, moments), means = finite_means(moments);
  const std::vector<double> variances = moments.variance.values();
  const std::size_t n = means.size();
  std::vector<double> start(2 * n);
  for (std::size_t d = 0; d < n; ++d) {
    const double m = std::clamp(means[d], 0.001, 0.999), most = m * (1 - m);
    const double total = most / std::clamp(variances[d], least * most, 0.99 * most) - 1;
    std::pair<double, double> of{m * total, (1 - m) * total};
    if (variances[d] > least * most) {
      of = greatest_likelihood(of.first, of.second, logs[2 * d], logs[2 * d + 1]);
    }
    start[d] = std::log(of.first);
    start[n + d] = std::log(of.second);
  }
  return vector_of(start);
}

}  // namespace nelbo
