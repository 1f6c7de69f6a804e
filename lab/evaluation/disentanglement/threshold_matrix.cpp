#include "lab/evaluation/disentanglement/threshold_matrix.hpp"

#include <algorithm>
#include <span>
#include <vector>

#include "autodiff/error.hpp"
#include "autodiff/random_variables.hpp"
#include "autodiff/threads.hpp"
#include "lab/statistics/learners/interval_classifier.hpp"

namespace nelbo::disentanglement {
namespace {

/// Points that learn and points that are scored.
struct Halves {
  std::span<const std::uint32_t> train, test;
};

std::vector<double> column(const Points& points, std::size_t d,
                           std::span<const std::uint32_t> rows) {
  std::vector<double> x;
  for (const std::uint32_t n : rows) x.push_back(points.codes[n * points.dimensions + d]);
  return x;
}

std::vector<std::int32_t> labels(const Factor& factor, std::span<const std::uint32_t> rows) {
  std::vector<std::int32_t> result;
  for (const std::uint32_t n : rows) result.push_back(factor.classes[n]);
  return result;
}

double over_chance(const learners::IntervalClassifier& classifier, std::span<const double> x,
                   std::span<const std::int32_t> truth, std::size_t classes) {
  std::vector<double> frequency(classes, 0.0);
  double right = 0;
  for (std::size_t n = 0; n < x.size(); ++n) {
    right += classifier(x[n]) == truth[n];
    ++frequency[std::size_t(truth[n])];
  }
  const double chance = *std::max_element(frequency.begin(), frequency.end());
  const double rest = double(x.size()) - chance;
  return rest > 0 ? std::max(0.0, (right - chance) / rest) : 0;
}

}  // namespace

Matrix threshold_matrix(const Points& points, std::uint64_t seed) {
  const std::size_t count = points.count(), factors = points.factors.size();
  if (count < 2) throw Error("thresholds need at least 2 points, to learn and to score");
  std::vector<std::uint32_t> order(count);
  fill_permutation(order.data(), count, random_variables::probe_points.of(seed), 1);
  const Halves halves{std::span(order).first(count / 2), std::span(order).subspan(count / 2)};
  Matrix result(points.dimensions, factors);
  parallel_for(points.dimensions, [&](std::size_t d) {
    const learners::LineCells cells(column(points, d, halves.train));
    const std::vector<double> unseen = column(points, d, halves.test);
    for (std::size_t k = 0; k < factors; ++k) {
      const Factor& factor = points.factors[k];
      const auto classes = std::size_t(factor.size);
      const auto classifier = learners::fit_intervals(cells, labels(factor, halves.train), classes);
      result(d, k) = over_chance(classifier, unseen, labels(factor, halves.test), classes);
    }
  });
  return result;
}

}  // namespace nelbo::disentanglement
