#include "lab/evaluation/disentanglement/probe.hpp"

#include <cmath>
#include <span>

#include "autodiff/threads.hpp"
#include "lab/evaluation/disentanglement/held_out.hpp"
#include "lab/evaluation/disentanglement/mean_area.hpp"
#include "lab/statistics/learners/least_squares.hpp"
#include "lab/statistics/learners/linear_classifier.hpp"
#include "lab/statistics/learners/multinomial_logistic.hpp"
#include "lab/statistics/learners/standardise.hpp"

namespace nelbo::disentanglement {
namespace {

/// 2 AUC - 1.
HeldOut explicitness(std::span<const double> probabilities, const Factor& truth) {
  HeldOut result{-1, {}};
  result.add(mean_area(probabilities, truth), 2);
  return result;
}

/// 1 - sum of squared errors / sum of squares about the mean, linearised in both sums.
HeldOut explained(const std::vector<double>& said, const std::vector<double>& truth) {
  double mean = 0, errors = 0, squares = 0;
  for (const double y : truth) mean += y / double(truth.size());
  for (std::size_t n = 0; n < truth.size(); ++n) {
    errors += std::pow(truth[n] - said[n], 2);
    squares += std::pow(truth[n] - mean, 2);
  }
  HeldOut result{0, std::vector<double>(truth.size(), 0.0)};
  if (squares == 0) return result;
  result.value = 1 - errors / squares;
  for (std::size_t n = 0; n < truth.size(); ++n) {
    result.influence[n] =
        ((1 - result.value) * std::pow(truth[n] - mean, 2) - std::pow(truth[n] - said[n], 2)) /
        squares;
  }
  return result;
}

}  // namespace

ProbeScores probe_scores(const Points& points, std::uint64_t seed) {
  const Split parts = split_points(points, seed);
  const learners::Standardisation scale(parts.train.table());
  const std::vector<double> train_codes = scale.of(parts.train.table());
  const std::vector<double> test_codes = scale.of(parts.test.table());
  const TableView train(train_codes, points.dimensions), test(test_codes, points.dimensions);

  const std::size_t factors = points.factors.size();
  std::vector<HeldOut> of_explicitness(factors), of_informativeness(factors);
  parallel_for(factors, [&](std::size_t k) {
    const Factor &seen = parts.train.factors[k], &unseen = parts.test.factors[k];
    const auto probabilities =
        learners::fit_multinomial_logistic(train, seen.classes, std::size_t(seen.size),
                                           {.inverse_penalty = 1e4, .tolerance = 1e-7})
            .probabilities(test);
    of_explicitness[k] = explicitness(probabilities, unseen);
    of_informativeness[k] =
        seen.continuous
            ? explained(learners::decisions(test, learners::fit_least_squares(train, seen.values)),
                        unseen.values)
            : accuracy(learners::most_probable(probabilities, std::size_t(seen.size)),
                       unseen.classes);
  });
  ProbeScores result;
  HeldOut all_explicitness, all_informativeness;
  for (std::size_t k = 0; k < factors; ++k) {
    all_explicitness.add(of_explicitness[k], 1 / double(factors));
    all_informativeness.add(of_informativeness[k], 1 / double(factors));
    result.explicitness_of.push_back(of_explicitness[k].value);
    result.informativeness_of.push_back(of_informativeness[k].value);
  }
  result.explicitness = all_explicitness.score();
  result.informativeness = all_informativeness.score();
  return result;
}

}  // namespace nelbo::disentanglement
