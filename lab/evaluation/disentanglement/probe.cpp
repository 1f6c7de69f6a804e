#include "lab/evaluation/disentanglement/probe.hpp"

#include <algorithm>
#include <cmath>
#include <span>
#include <string>

#include "autodiff/error.hpp"
#include "autodiff/random_variables.hpp"
#include "autodiff/threads.hpp"
#include "lab/evaluation/disentanglement/make_points.hpp"
#include "lab/evaluation/disentanglement/votes.hpp"
#include "lab/statistics/learners/least_squares.hpp"
#include "lab/statistics/learners/linear_classifier.hpp"
#include "lab/statistics/learners/multinomial_logistic.hpp"
#include "lab/statistics/learners/roc.hpp"
#include "lab/statistics/learners/standardise.hpp"

namespace nelbo::disentanglement {
namespace {

/// A score and what each held-out point has to do with it: the influences sum to 0, and the root of the
/// sum of their squares is the standard error.
struct HeldOut {
  double value = 0;
  std::vector<double> influence;  // [held-out points]
};

void add_share(HeldOut& to, const HeldOut& part, double share) {
  to.value += share * part.value;
  to.influence.resize(part.influence.size());
  for (std::size_t n = 0; n < part.influence.size(); ++n) {
    to.influence[n] += share * part.influence[n];
  }
}

Score score_of(const HeldOut& held_out) {
  double squares = 0;
  for (const double influence : held_out.influence) squares += influence * influence;
  return {held_out.value, std::sqrt(squares)};
}

/// Of numbers whose mean over the points is the score.
HeldOut mean_of(std::vector<double> numbers) {
  const double count = double(numbers.size());
  double sum = 0;
  for (const double number : numbers) sum += number;
  const double mean = sum / count;
  for (double& number : numbers) number = (number - mean) / count;
  return {mean, std::move(numbers)};
}

HeldOut accuracy(std::span<const double> probabilities, const Factor& truth) {
  const auto said = learners::most_probable(probabilities, std::size_t(truth.size));
  std::vector<double> right(said.size());
  for (std::size_t n = 0; n < said.size(); ++n) right[n] = said[n] == truth.classes[n];
  return mean_of(std::move(right));
}

/// The mean of 2 AUC - 1 over the classes that are among the points, but are not all of them.
HeldOut explicitness(std::span<const double> probabilities, const Factor& truth) {
  const std::size_t count = truth.classes.size(), classes = std::size_t(truth.size);
  std::vector<HeldOut> areas;
  for (std::size_t c = 0; c < classes; ++c) {
    std::vector<double> scores(count);
    std::vector<bool> positive(count);
    for (std::size_t n = 0; n < count; ++n) {
      scores[n] = probabilities[n * classes + c];
      positive[n] = truth.classes[n] == std::int32_t(c);
    }
    learners::RocArea roc = learners::roc_area(scores, positive);
    if (!std::isnan(roc.area)) areas.push_back({roc.area, std::move(roc.influence)});
  }
  HeldOut result{areas.empty() ? 0.0 : -1.0, std::vector<double>(count, 0.0)};
  for (const HeldOut& area : areas) add_share(result, area, 2 / double(areas.size()));
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

struct Split {
  Points train, test;
};

Split split(const Points& points, std::uint64_t seed) {
  const std::size_t count = points.count();
  if (count < 6) {
    throw Error("a probe needs at least 6 points, these are " + std::to_string(count));
  }
  std::vector<std::uint32_t> order(count);
  fill_permutation(order.data(), count, random_variables::probe_points.of(seed), 0);
  const std::size_t train = std::min(training_votes, count - count / 3);
  const std::size_t test = std::min(test_votes, count - train);
  return {rows_of(points, std::span(order).first(train)),
          rows_of(points, std::span(order).subspan(train, test))};
}

}  // namespace

ProbeScores probe_scores(const Points& points, std::uint64_t seed) {
  const Split parts = split(points, seed);
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
            : accuracy(probabilities, unseen);
  });
  ProbeScores result;
  HeldOut all_explicitness, all_informativeness;
  for (std::size_t k = 0; k < factors; ++k) {
    add_share(all_explicitness, of_explicitness[k], 1 / double(factors));
    add_share(all_informativeness, of_informativeness[k], 1 / double(factors));
    result.explicitness_of.push_back(of_explicitness[k].value);
    result.informativeness_of.push_back(of_informativeness[k].value);
  }
  result.explicitness = score_of(all_explicitness);
  result.informativeness = score_of(all_informativeness);
  return result;
}

}  // namespace nelbo::disentanglement
