#include "lab/evaluation/disentanglement/svm_scores.hpp"

#include <limits>
#include <vector>

#include "autodiff/threads.hpp"
#include "lab/evaluation/disentanglement/aggregators.hpp"
#include "lab/statistics/learners/linear_classifier.hpp"

namespace nelbo::disentanglement {
namespace {

constexpr double c = 0.01;

/// The class of the largest decision for each held-out number, by machines of all classes that were seen.
std::vector<std::int32_t> said(const std::vector<double>& seen_code, const Factor& seen,
                               const std::vector<double>& code) {
  const auto classes = std::size_t(seen.size);
  const double count = double(seen_code.size());
  std::vector<double> frequency(classes, 0.0);
  for (const std::int32_t y : seen.classes) ++frequency[std::size_t(y)];
  double present = 0;
  for (const double points : frequency) present += points > 0;
  std::vector<double> best(code.size(), -std::numeric_limits<double>::infinity());
  std::vector<std::int32_t> result(code.size(), 0);
  for (std::size_t k = 0; k < classes; ++k) {
    if (frequency[k] == 0) continue;
    // As liblinear has it: a class is balanced against equal shares, the rest only where there are two.
    const double positive = c * count / (present * frequency[k]);
    const double negative = present == 2 ? c * count / (2 * (count - frequency[k])) : c;
    std::vector<double> signs, costs;
    for (const std::int32_t y : seen.classes) {
      const bool is_class = y == std::int32_t(k);
      signs.push_back(is_class ? 1 : -1);
      costs.push_back(is_class ? positive : negative);
    }
    const auto weights = learners::fit_linear_classifier(TableView(seen_code, 1), signs, costs,
                                                         learners::MarginLoss::squared_hinge);
    const std::vector<double> decision = learners::decisions(TableView(code, 1), weights);
    for (std::size_t n = 0; n < code.size(); ++n) {
      if (decision[n] > best[n]) best[n] = decision[n], result[n] = std::int32_t(k);
    }
  }
  return result;
}

}  // namespace

SvmScores svm_scores(const Split& points) {
  const std::size_t dimensions = points.train.dimensions, factors = points.train.factors.size();
  SvmScores result{.accuracies = Matrix(dimensions, factors), .sap = {}};
  std::vector<HeldOut> all(dimensions * factors);
  parallel_for(all.size(), [&](std::size_t i) {
    const std::size_t d = i / factors, k = i % factors;
    all[i] = accuracy(said(points.train.table().column(d), points.train.factors[k],
                           points.test.table().column(d)),
                      points.test.factors[k].classes);
    result.accuracies(d, k) = all[i].value;
  });
  HeldOut sap;
  for (std::size_t k = 0; k < factors; ++k) {
    std::vector<double> of = column(result.accuracies, k);
    const std::size_t best = lead(of).best;
    sap.add(all[best * factors + k], 1 / double(factors));
    if (dimensions < 2) continue;
    of[best] = -1;
    sap.add(all[lead(of).best * factors + k], -1 / double(factors));
  }
  result.sap = sap.score();
  return result;
}

}  // namespace nelbo::disentanglement
