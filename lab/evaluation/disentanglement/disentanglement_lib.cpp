#include "lab/evaluation/disentanglement/disentanglement_lib.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "autodiff/random_variables.hpp"
#include "lab/evaluation/disentanglement/active_units.hpp"
#include "lab/evaluation/disentanglement/aggregators.hpp"
#include "lab/evaluation/disentanglement/beta_vae.hpp"
#include "lab/evaluation/disentanglement/bins.hpp"
#include "lab/evaluation/disentanglement/factor_vae.hpp"
#include "lab/evaluation/disentanglement/gaussian_dependence.hpp"
#include "lab/evaluation/disentanglement/irs.hpp"
#include "lab/evaluation/disentanglement/learned_scores.hpp"
#include "lab/evaluation/disentanglement/make_points.hpp"
#include "lab/evaluation/disentanglement/one_vs_rest.hpp"
#include "lab/evaluation/disentanglement/svm_scores.hpp"
#include "lab/evaluation/disentanglement/votes.hpp"
#include "lab/statistics/column_moments.hpp"

namespace nelbo::disentanglement {
namespace {

constexpr std::size_t factor_bins = 20;
constexpr double least_deviation = 0.05;

/// The dimensions whose standard deviation is not below .05, whatever the code's scale is.
std::vector<std::size_t> wide_dimensions(const Points& points) {
  const std::vector<double> variances = column_variances(points.table());
  std::vector<std::size_t> wide;
  for (std::size_t d = 0; d < variances.size(); ++d) {
    if (std::sqrt(variances[d]) >= least_deviation) wide.push_back(d);
  }
  return wide;
}

/// D and C.
std::vector<double> importance_scores(const TreeScores& trees) {
  return {dci_disentanglement(trees.importances), dci_completeness_by_columns(trees.importances)};
}

}  // namespace

Split drawn_points(const Points& points, std::uint64_t seed) {
  std::vector<double> u(training_votes + test_votes);
  fill_uniform(u.data(),
               {.stream = random_variables::dialect_points.of(seed), .dimensions = u.size()});
  std::vector<std::uint32_t> rows;
  for (const double one : u) {
    rows.push_back(
        std::uint32_t(std::min(std::size_t(one * double(points.count())), points.count() - 1)));
  }
  return {rows_of(points, std::span(rows).first(training_votes)),
          rows_of(points, std::span(rows).subspan(training_votes))};
}

double irs_of_maxima(const Points& points) {
  Points binned = points;
  for (Factor& factor : binned.factors) {
    const std::vector<double> places(factor.classes.begin(), factor.classes.end());
    const Classes bins = equal_width(places, factor_bins);
    factor.classes.assign(bins.of.begin(), bins.of.end());
    factor.size = std::int32_t(bins.count);
  }
  const Matrix robust = robustness(binned, RobustnessScale::maximum);
  const std::vector<double> deviations = largest_deviations(points);
  double sum = 0, weights = 0;
  for (std::size_t d = 0; d < points.dimensions; ++d) {
    const std::vector<double> of = row(robust, d);
    sum += deviations[d] * *std::max_element(of.begin(), of.end());
    weights += deviations[d];
  }
  return weights > 0 ? sum / weights : 0;
}

void add_votes_of_library(const Representation& of, Measurement& to) {
  const Points& points = of.points();
  const std::vector<std::size_t> wide = wide_dimensions(drawn_points(points, of.seed()).train);
  add_score(to.metrics, "factor_vae",
            "dimensions of standard deviation below .05 dropped whatever the code's scale: " +
                std::to_string(wide.size()) + " of " + std::to_string(points.dimensions) +
                " kept; binomial error",
            [&] { return factor_vae(points, wide, of.seed()).score; });
  add_score(to.metrics, "beta_vae",
            "differences unscaled, so that a small code loses to the penalty; binomial error",
            [&] { return beta_vae(points, of.seed(), PairFeatures::unscaled); });
}

void add_svm_of_library(const Representation& of, Measurement& to) {
  const SvmScores svm = svm_scores(drawn_points(of.points(), of.seed()));
  to.metrics.push_back(
      {"sap",
       "one-vs-rest linear SVM on one code, which knows no inner class; chance not "
       "taken off; error over held-out points",
       svm.sap});
  to.matrices.push_back({"svm_accuracy", svm.accuracies});
}

void add_explicitness_of_library(const Representation& of, Measurement& to) {
  const OneVsRestScores areas = one_vs_rest_scores(drawn_points(of.points(), of.seed()));
  to.metrics.push_back(
      {"explicitness",
       "area under the ROC curve of one-vs-rest logistic regressions, chance is .5, inner "
       "classes of an ordered code hardly known; error over held-out points",
       areas.normalised});
  to.metrics.push_back(
      {"explicitness.separate", "the same without making probabilities sum to 1", areas.separate});
}

void add_tree_scores_of_library(std::span<const TreeScores> grown, Measurement& to) {
  std::vector<std::vector<double>> without;
  for (const TreeScores& some : grown.subspan(1)) without.push_back(importance_scores(some));
  const TreeScores& trees = grown.front();
  const std::vector<Score> importance = with_errors(importance_scores(trees), errors_of(without));
  const std::string variant = "boosted trees, own defaults";
  to.metrics.push_back({"dci_disentanglement", variant, importance[0]});
  to.metrics.push_back(
      {"dci_completeness", variant + ", ln of all dimensions, weighted by columns", importance[1]});
  to.metrics.push_back({"dci_informativeness", variant + ", accuracy; error over held-out points",
                        trees.informativeness});
  to.matrices.push_back({"tree_importances", trees.importances});
}

void add_moments_of_library(const Representation& of, Measurement& to) {
  Points points = drawn_points(of.points(), of.seed()).train;
  to.metrics.push_back({"irs",
                        "factors in 20 bins, deviations over the largest: noise does not score 0",
                        jackknifed(points, of.seed(), of.jackknife(), [](const Points& some) {
                          return std::vector<double>{irs_of_maxima(some)};
                        }).front()});
  points.log_variances.clear();
  const DependenceScores means = code_dependence(points, of.seed(), of.jackknife()).means;
  const std::string of_means = "covariance of means, dead dimensions included";
  to.metrics.push_back({"gaussian_tc", of_means + ", nats", means.total_correlation});
  to.metrics.push_back({"gaussian_wasserstein", of_means, means.wasserstein});
  to.metrics.push_back({"gaussian_wasserstein_relative", of_means, means.relative_wasserstein});
  to.metrics.push_back({"active_units", "variance of means above .01; not in the library",
                        active_units(points).count});
}

}  // namespace nelbo::disentanglement
