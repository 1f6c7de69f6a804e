#include "lab/evaluation/disentanglement/gaussian_dependence.hpp"

#include <algorithm>
#include <cmath>

#include "lab/evaluation/disentanglement/live_dimensions.hpp"
#include "lab/statistics/column_moments.hpp"
#include "lab/statistics/symmetric_eigenvalues.hpp"

namespace nelbo::disentanglement {
namespace {

/// The covariance of some dimensions of the means, [n, n].
std::vector<double> covariance_of(const Points& points, std::span<const std::size_t> dimensions) {
  std::vector<double> some;
  some.reserve(points.count() * dimensions.size());
  for (std::size_t n = 0; n < points.count(); ++n) {
    for (const std::size_t d : dimensions) some.push_back(points.table()(n, d));
  }
  return covariance(TableView(some, dimensions.size()));
}

void add_variances(const Points& points, std::span<const std::size_t> dimensions,
                   std::vector<double>& covariance) {
  for (std::size_t i = 0; i < dimensions.size(); ++i) {
    double sum = 0;
    for (std::size_t n = 0; n < points.count(); ++n) {
      sum += std::exp(points.log_variances[n * points.dimensions + dimensions[i]]);
    }
    covariance[i * dimensions.size() + i] += sum / double(points.count());
  }
}

void append(std::vector<double>& values, const GaussianDependence& of) {
  values.insert(values.end(), {of.total_correlation, of.wasserstein, of.relative_wasserstein});
}

}  // namespace

GaussianDependence gaussian_dependence(std::span<const double> covariance, std::size_t n) {
  if (n == 0) return {};
  double trace = 0;
  std::vector<double> correlation(n * n), scaled(n * n);
  for (std::size_t i = 0; i < n; ++i) {
    trace += covariance[i * n + i];
    for (std::size_t j = 0; j < n; ++j) {
      const double scale = std::sqrt(covariance[i * n + i]) * std::sqrt(covariance[j * n + j]);
      correlation[i * n + j] = covariance[i * n + j] / scale;
      scaled[i * n + j] = covariance[i * n + j] * scale;
    }
  }
  GaussianDependence result;
  // Eigenvalues below what rounding makes of 0 are 0: of a singular matrix.
  const double rounding = 1e-13 * double(n);
  for (const double value : symmetric_eigenvalues(correlation, n)) {
    result.total_correlation -= std::log(value > rounding ? value : 0) / 2;
  }
  double root = 0;
  for (const double value : symmetric_eigenvalues(scaled, n))
    root += std::sqrt(std::max(value, 0.0));
  result.total_correlation = std::max(result.total_correlation, 0.0);
  result.wasserstein = std::max(2 * trace - 2 * root, 0.0);
  result.relative_wasserstein = result.wasserstein / trace;
  return result;
}

CodeDependence code_dependence(const Points& points, std::uint64_t seed, Jackknife jackknife) {
  return code_dependence(points, live_dimensions(points), seed, jackknife);
}

CodeDependence code_dependence(const Points& points, std::span<const std::size_t> dimensions,
                               std::uint64_t seed, Jackknife jackknife) {
  CodeDependence result{.live = {dimensions.begin(), dimensions.end()}, .means = {}, .samples = {}};
  if (result.live.empty()) return result;
  const bool with_samples = !points.log_variances.empty();
  const std::vector<Score> scores = jackknifed(points, seed, jackknife, [&](const Points& some) {
    std::vector<double> values, covariance = covariance_of(some, result.live);
    append(values, gaussian_dependence(covariance, result.live.size()));
    if (with_samples) {
      add_variances(some, result.live, covariance);
      append(values, gaussian_dependence(covariance, result.live.size()));
    }
    return values;
  });
  result.means = {scores[0], scores[1], scores[2]};
  if (with_samples) result.samples = {scores[3], scores[4], scores[5]};
  return result;
}

}  // namespace nelbo::disentanglement
