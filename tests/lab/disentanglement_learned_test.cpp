// Matrices of codes and factors by learners, disentanglement_lib's dialect and UDR, on codes whose scores
// are known.
#include <algorithm>
#include <cmath>
#include <functional>

#include "autodiff/error.hpp"
#include "autodiff/threads.hpp"
#include "lab/evaluation/disentanglement/aggregators.hpp"
#include "lab/evaluation/disentanglement/disentanglement_lib.hpp"
#include "lab/evaluation/disentanglement/jackknife.hpp"
#include "lab/evaluation/disentanglement/lasso_matrix.hpp"
#include "lab/evaluation/disentanglement/one_vs_rest.hpp"
#include "lab/evaluation/disentanglement/sections.hpp"
#include "lab/evaluation/disentanglement/svm_scores.hpp"
#include "lab/evaluation/disentanglement/threshold_matrix.hpp"
#include "lab/evaluation/disentanglement/tree_scores.hpp"
#include "lab/evaluation/disentanglement/tree_splits.hpp"
#include "lab/evaluation/disentanglement/udr.hpp"
#include "tests/catch.hpp"
#include "tests/lab/disentanglement_points.hpp"

using namespace nelbo;
using namespace nelbo::disentanglement;
using namespace nelbo::tests;

namespace {

const Measured& metric(const Measurement& in, const std::string& name) {
  for (const Measured& one : in.metrics) {
    if (one.name == name) return one;
  }
  throw Error("no metric " + name);
}

TreeScores tree_scores_of(const Split& points) {
  std::vector<FactorTrees> factors;
  for (std::size_t k = 0; k < points.train.factors.size(); ++k) {
    factors.push_back(factor_trees(points, k));
  }
  return tree_scores(factors);
}

/// The largest distance of entries.
double distance(const Matrix& a, const Matrix& b) {
  double most = 0;
  for (std::size_t d = 0; d < a.rows(); ++d) {
    for (std::size_t k = 0; k < a.columns(); ++k)
      most = std::max(most, std::abs(a(d, k) - b(d, k)));
  }
  return most;
}

}  // namespace

TEST_CASE(
    "disentanglement: Lasso, thresholds and trees see a perfect code, dead dimensions or none") {
  for (const int dead : {0, 2, 5}) {
    CAPTURE(dead);
    const Points points = perfect(small_grid, dead);
    const Matrix lasso = lasso_matrix(points),
                 thresholds = threshold_matrix(halve_points(points, 1));
    for (std::size_t k = 0; k < 5; ++k) {
      CHECK(lasso(k, k) == Approx(1 - lasso_penalty).epsilon(1e-9));
      CHECK(thresholds(k, k) == 1);
    }
    CHECK(dci_disentanglement(lasso) > 0.995);
    CHECK(dci_completeness(lasso) > 0.995);
    CHECK(gap(thresholds) > 0.995);
    CHECK(dci_disentanglement(thresholds) > 0.98);
  }
  const TreeScores trees = tree_scores_of(split_points(perfect({3, 6, 10, 16}, 3), 1));
  CHECK(dci_disentanglement(trees.importances) > 0.995);
  CHECK(dci_completeness(trees.importances) > 0.995);
  CHECK(trees.informativeness.value > 0.995);
}

TEST_CASE("disentanglement: matrices of rotated, repeated and scaled codes") {
  // Two factors turned by 45 degrees: both codes tell as much of both.
  const Matrix lasso = lasso_matrix(rotated(32)),
               thresholds = threshold_matrix(halve_points(rotated(32), 1));
  CHECK(dci_disentanglement(lasso) < 1e-9);
  CHECK(gap(lasso) < 1e-9);
  CHECK(dci_disentanglement(thresholds) < 0.02);
  CHECK(gap(thresholds) < 0.02);

  // [c, c]: no gap; a code tells of one factor, a factor is in two of 2 K codes.
  Points twice = perfect({4, 6, 8});
  for (std::size_t k = 0; k < 3; ++k) {
    add_code(twice, [&](std::size_t n) { return twice.factors[k].values[n]; });
  }
  const Matrix of_twice = threshold_matrix(halve_points(twice, 1));
  CHECK(gap(of_twice) == 0);
  CHECK(dci_disentanglement(of_twice) > 0.8);  // 192 points: chance is seen
  CHECK(dci_disentanglement(lasso_matrix(twice)) == Approx(1));

  Points points = grid_points({3, 6, 10, 8});
  for (std::size_t k = 0; k < 4; ++k) {
    const std::vector<double> noise = rational_noise(count_of(points), 1000 * k);
    add_code(points, [&](std::size_t n) {
      return points.factors[k].values[n] + 0.5 * points.factors[(k + 1) % 4].values[n] + noise[n];
    });
  }
  Points moved = points;
  for (double& c : moved.codes) c = -0.01 * c + 3;
  CHECK(distance(lasso_matrix(points), lasso_matrix(moved)) < 1e-9);
  CHECK(distance(threshold_matrix(halve_points(points, 1)),
                 threshold_matrix(halve_points(moved, 1))) < 0.06);
  const Split train = split_points(points, 1), other = split_points(moved, 1);
  CHECK(distance(tree_scores_of(train).importances, tree_scores_of(other).importances) < 0.03);
}

TEST_CASE("disentanglement: noise has no thresholds") {
  const Matrix thresholds = threshold_matrix(halve_points(noise_points(small_grid, 4), 1));
  for (std::size_t d = 0; d < 4; ++d) {
    for (std::size_t k = 0; k < 5; ++k) CHECK(thresholds(d, k) < 0.02);
  }
  const Matrix lasso = lasso_matrix(noise_points(small_grid, 4));
  CHECK(dci_disentanglement(lasso) == 0);
}

TEST_CASE(
    "disentanglement: in its dialect a perfect code of the full grid has the library's ceilings") {
  const Points points = perfect(dsprites_grid);
  const Split drawn = drawn_points(points, 1);
  REQUIRE(drawn.train.count() == 10000);
  REQUIRE(drawn.test.count() == 5000);
  // scikit-learn's LinearSVC(C=0.01, class_weight="balanced"): 1, .505, .0746, .0910 in the same order;
  // on 5,000 points each is good to sqrt(p (1 - p) / 5000).
  const SvmScores svm = svm_scores(drawn);
  const double published[] = {1, 0.505, 0.0746, 0.0910, 0.0910};
  for (std::size_t k = 0; k < 5; ++k) {
    CAPTURE(k);
    const double p = published[k], error = std::sqrt(p * (1 - p) * (1 / 5000.0 + 1 / 5000.0));
    CHECK(std::abs(svm.accuracies(k, k) - p) <= 4 * error);
  }
  // Their gap, of three draws of scikit-learn's: .2344, .2298, .2284; of the literature .24, rounded.
  CHECK(std::abs(svm.sap.value - 0.2309) < 3 * svm.sap.standard_error * std::sqrt(4.0 / 3));
  CHECK(std::abs(svm.sap.value - 0.24) < 3 * svm.sap.standard_error + 0.005);

  // mean_c max(c, m - 1 - c) / (m - 1) over m = 3, 6, 40, 32, 32 is .7805.
  const OneVsRestScores areas = one_vs_rest_scores(drawn);
  CHECK(std::abs(areas.separate.value - 0.7805) < 3 * areas.separate.standard_error + 0.002);
  // scikit-learn's OneVsRestClassifier of liblinear over 5 draws: .9402 with a standard deviation of
  // .0016 between draws, which that of the held-out points does not hold; on this very draw it says .9365.
  CHECK(areas.normalised.value == Approx(0.9365).margin(1e-4));
  CHECK(areas.normalised.value == Approx(0.9402).margin(3 * 0.0016));
}

TEST_CASE("disentanglement: in its dialect noise has the library's floor of IRS") {
  const Points drawn = drawn_points(noise_points(dsprites_grid, 10), 1).train;
  const Score irs = jackknifed(drawn, 1, {}, [](const Points& some) {
                      return std::vector<double>{irs_of_maxima(some)};
                    }).front();
  CHECK(std::abs(irs.value - 0.35) < 3 * irs.standard_error + 0.005);
}

TEST_CASE("disentanglement: the dialect's learned metrics, by name") {
  Points points = perfect({3, 4, 6}, 1);
  points.log_variances.assign(points.codes.size(), -4.0);
  const EvaluationOptions options{.like = Dialect::disentanglement_lib, .seed = 1};
  const auto learned = sections_of(options.like).subspan(1);
  const Representation representation(points, options, true);
  Measurement of = measure(learned, representation);
  std::vector<TreeScores> grown;
  for (std::size_t i = 0; i < tree_splits(options.like, 72, 4, true); ++i) {
    grown.push_back(tree_scores_of(tree_split(representation, i)));
  }
  add_trees(options.like, grown, of);
  for (const char* name :
       {"factor_vae", "beta_vae", "sap", "explicitness", "explicitness.separate",
        "dci_disentanglement", "dci_completeness", "dci_informativeness", "irs", "gaussian_tc",
        "gaussian_wasserstein", "gaussian_wasserstein_relative", "active_units"}) {
    CAPTURE(name);
    CHECK(std::isfinite(metric(of, name).score.value));
    CHECK(std::isfinite(metric(of, name).score.standard_error));
    CHECK_FALSE(metric(of, name).variant.empty());
  }
  CHECK(metric(of, "factor_vae").score.value > 0.995);
  CHECK(metric(of, "factor_vae").variant.find("3 of 4 kept") != std::string::npos);
  CHECK(metric(of, "dci_disentanglement").score.value > 0.995);
  CHECK(metric(of, "dci_informativeness").score.value == 1);
  // A small code is dropped whole.
  for (double& c : points.codes) c *= 0.01;
  const Measurement of_small = measure(learned, Representation(points, options, false));
  CHECK(metric(of_small, "factor_vae").score.value == 0);
}

TEST_CASE("udr: equal models, other models and dead dimensions") {
  std::vector<Points> models(3, perfect({4, 6, 8, 10}));
  for (const Udr& of : {udr(models, 1)}) {
    for (const Score& score : of.lasso) CHECK(score.value == Approx(0.9).epsilon(1e-9));
    for (const Score& score : of.spearman) CHECK(score.value == Approx(1).epsilon(1e-9));
  }
  // Order, sign and scale of dimensions change nothing.
  Points& moved = models[1];
  for (std::size_t n = 0; n < moved.count(); ++n) {
    std::rotate(&moved.codes[4 * n], &moved.codes[4 * n + 1], &moved.codes[4 * n] + 4);
    for (std::size_t d = 0; d < 4; ++d) moved.codes[4 * n + d] *= d % 2 == 0 ? -0.01 : 7;
  }
  CHECK(udr(models, 1).lasso[0].value == Approx(0.9).epsilon(1e-9));
  CHECK(udr(models, 1).spearman[1].value == Approx(1).epsilon(1e-9));
  // A dimension of no information does not count where variances say so.
  for (Points& model : models) {
    add_noise(model, 1e-3, std::uint32_t(&model - models.data()));
    model.log_variances.assign(model.codes.size(), -3.0);
    for (std::size_t n = 0; n < model.count(); ++n) model.log_variances[5 * n + 4] = 0;
  }
  CHECK(udr(models, 1).lasso[2].value == Approx(0.9).epsilon(1e-9));

  // Two Gaussians of correlation rho: |Spearman| = 6 / pi asin(rho / 2), alone in its row and column.
  Points a = grid_points({100, 100}), b = a;
  std::vector<double> noise(20000);
  fill_normal(noise.data(), {.stream = {.seed = 4}, .batch = 10000, .dimensions = 2});
  add_code(a, [&](std::size_t n) { return noise[2 * n]; });
  add_code(b, [&](std::size_t n) { return std::exp(0.6 * noise[2 * n] + 0.8 * noise[2 * n + 1]); });
  const Score of = udr(std::vector<Points>{a, b}, 1).spearman[0];
  CHECK(std::abs(of.value - 6 / M_PI * std::asin(0.3)) < 3 * of.standard_error);
  CHECK(of.standard_error < 0.02);

  Points constant = grid_points({100, 100});
  add_code(constant, [](std::size_t) { return 1.0; });
  CHECK(udr(std::vector<Points>{a, constant}, 1).lasso[0].value == 0);
  CHECK_THROWS_WITH(udr(std::vector<Points>{a}, 1), contains("at least 2 models"));
  CHECK_THROWS_WITH(udr(std::vector<Points>{a, perfect({3, 4})}, 1), contains("12 points"));
}

TEST_CASE("disentanglement: learned matrices have the same bits for any number of threads") {
  const Points points = noise_points({3, 6, 10}, 3);
  const auto matrices = [&] {
    return std::vector<Matrix>{lasso_matrix(points), threshold_matrix(halve_points(points, 2)),
                               tree_scores_of(split_points(points, 2)).importances,
                               svm_scores(split_points(points, 2)).accuracies};
  };
  const std::size_t threads = num_threads();
  set_num_threads(1);
  const std::vector<Matrix> one = matrices();
  set_num_threads(4);
  const std::vector<Matrix> four = matrices();
  for (std::size_t i = 0; i < one.size(); ++i) CHECK(distance(one[i], four[i]) == 0);
  set_num_threads(threads);
}
