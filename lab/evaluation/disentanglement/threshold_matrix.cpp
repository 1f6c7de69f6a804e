#include "lab/evaluation/disentanglement/threshold_matrix.hpp"

#include <algorithm>
#include <span>
#include <vector>

#include "autodiff/threads.hpp"
#include "lab/statistics/learners/interval_classifier.hpp"

namespace nelbo::disentanglement {
namespace {

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

Matrix threshold_matrix(const Split& points) {
  const std::vector<Factor>&seen = points.train.factors, &unseen = points.test.factors;
  Matrix result(points.train.dimensions, seen.size());
  parallel_for(points.train.dimensions, [&](std::size_t d) {
    const learners::LineCells cells(points.train.table().column(d));
    const std::vector<double> x = points.test.table().column(d);
    for (std::size_t k = 0; k < seen.size(); ++k) {
      const auto classes = std::size_t(seen[k].size);
      const auto classifier = learners::fit_intervals(cells, seen[k].classes, classes);
      result(d, k) = over_chance(classifier, x, unseen[k].classes, classes);
    }
  });
  return result;
}

}  // namespace nelbo::disentanglement
