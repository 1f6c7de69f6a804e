#include "lab/evaluation/disentanglement/one_vs_rest.hpp"

#include <cmath>
#include <vector>

#include "autodiff/threads.hpp"
#include "lab/evaluation/disentanglement/mean_area.hpp"
#include "lab/statistics/learners/linear_classifier.hpp"
#include "lab/statistics/learners/standardise.hpp"

namespace nelbo::disentanglement {
namespace {

/// P(class) of a regression for each class alone, [N, K]; 0 of a class that was not seen.
std::vector<double> probabilities(TableView train, const Factor& seen, TableView test) {
  const auto classes = std::size_t(seen.size);
  std::vector<double> result(test.rows() * classes, 0.0);
  const std::vector<double> costs(train.rows(), 1.0);
  for (std::size_t k = 0; k < classes; ++k) {
    std::vector<double> signs;
    double positives = 0;
    for (const std::int32_t y : seen.classes) {
      signs.push_back(y == std::int32_t(k) ? 1 : -1);
      positives += y == std::int32_t(k);
    }
    if (positives == 0) continue;
    const auto weights =
        learners::fit_linear_classifier(train, signs, costs, learners::MarginLoss::logistic);
    const std::vector<double> decision = learners::decisions(test, weights);
    for (std::size_t n = 0; n < test.rows(); ++n) {
      result[n * classes + k] = 1 / (1 + std::exp(-decision[n]));
    }
  }
  return result;
}

void normalise(std::vector<double>& probabilities, std::size_t classes) {
  for (std::size_t i = 0; i < probabilities.size(); i += classes) {
    double sum = 0;
    for (std::size_t k = 0; k < classes; ++k) sum += probabilities[i + k];
    for (std::size_t k = 0; k < classes; ++k) probabilities[i + k] /= sum;
  }
}

}  // namespace

OneVsRestScores one_vs_rest_scores(const Split& points) {
  const learners::Standardisation scale(points.train.table());
  const std::vector<double> train_codes = scale.of(points.train.table());
  const std::vector<double> test_codes = scale.of(points.test.table());
  const std::size_t dimensions = points.train.dimensions, factors = points.train.factors.size();
  std::vector<HeldOut> separate(factors), normalised(factors);
  parallel_for(factors, [&](std::size_t k) {
    std::vector<double> of =
        probabilities(TableView(train_codes, dimensions), points.train.factors[k],
                      TableView(test_codes, dimensions));
    separate[k] = mean_area(of, points.test.factors[k]);
    normalise(of, std::size_t(points.test.factors[k].size));
    normalised[k] = mean_area(of, points.test.factors[k]);
  });
  HeldOut all_separate, all_normalised;
  for (std::size_t k = 0; k < factors; ++k) {
    all_separate.add(separate[k], 1 / double(factors));
    all_normalised.add(normalised[k], 1 / double(factors));
  }
  return {all_normalised.score(), all_separate.score()};
}

}  // namespace nelbo::disentanglement
