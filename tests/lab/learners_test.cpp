// What learns from tables, beside scikit-learn's figures (learner_tables.py).
#include <algorithm>
#include <cmath>

#include "autodiff/threads.hpp"
#include "lab/statistics/column_moments.hpp"
#include "lab/statistics/learners/boosted_trees.hpp"
#include "lab/statistics/learners/interval_classifier.hpp"
#include "lab/statistics/learners/lasso.hpp"
#include "lab/statistics/learners/linear_classifier.hpp"
#include "lab/statistics/learners/multinomial_logistic.hpp"
#include "lab/statistics/learners/roc.hpp"
#include "lab/statistics/learners/standardise.hpp"
#include "lab/statistics/quantile.hpp"
#include "lab/statistics/ranks.hpp"
#include "lab/statistics/symmetric_eigenvalues.hpp"
#include "tests/catch.hpp"
#include "tests/lab/disentanglement_points.hpp"

using namespace nelbo;
using namespace nelbo::tests;

namespace {

/// The table of learner_tables.py.
struct Example {
  std::vector<double> x = rational_noise(600), target;
  std::vector<std::int32_t> y;

  Example() {
    const std::vector<double> noise = rational_noise(200, 5000);
    for (std::size_t n = 0; n < 200; ++n) {
      const double* row = &x[3 * n];
      target.push_back(1.5 * row[0] - row[1] + 0.25 * row[2] + 0.7 * noise[n]);
      y.push_back((target.back() >= -0.6) + (target.back() >= 0.5));
    }
  }
  TableView table() const { return TableView(x, 3); }
};

void check_close(const std::vector<double>& found, const std::vector<double>& published,
                 double margin) {
  REQUIRE(found.size() == published.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    CAPTURE(i);
    CHECK(std::abs(found[i] - published[i]) < margin);
  }
}

}  // namespace

TEST_CASE("learners: multinomial logistic regression is scikit-learn's") {
  const Example example;
  REQUIRE(example.x[0] == Approx(-0.4861596882182472));
  const struct {
    double c;
    std::vector<double> coefficients, intercepts, first;  // [K, D], [K], [K]
  } published[] = {{1,
                    {-3.2899910778186725, 2.2897979191090863, -0.48115789587491203,
                     -0.2512851609672171, -0.038321780100838386, -0.16175081491167315,
                     3.5412762387858883, -2.251476139008245, 0.6429087107865853},
                    {-0.39039783370007275, 0.8545416825530785, -0.46414384885300886},
                    {0.13129104170933847, 0.6893399724595, 0.17936898583116168}},
                   {1e4,
                    {-6.56240787004264, 4.465411910766501, -1.254338176542656, -0.9191156452796183,
                     0.24308876098172374, -0.5005599220105239, 7.481523515322265,
                     -4.708500671748231, 1.7548980985531786},
                    {-0.4979818113047922, 1.651458037454503, -1.1534762261497182},
                    {0.05215404901947248, 0.8939402935112285, 0.05390565746929919}}};
  for (const auto& [of, factorised] : {std::pair{published[0], 1000u},
                                       {published[1], 1000u},
                                       {published[0], 0u},
                                       {published[1], 0u}}) {
    CAPTURE(of.c, factorised);
    const auto model = learners::fit_multinomial_logistic(
        example.table(), example.y, 3, {.inverse_penalty = of.c, .factorised = factorised});
    std::vector<double> coefficients;
    for (std::size_t k = 0; k < 3; ++k) {
      for (std::size_t d = 0; d < 3; ++d) coefficients.push_back(model.weights[d * 3 + k]);
    }
    check_close(coefficients, of.coefficients, 2e-5);
    check_close({model.weights.begin() + 9, model.weights.end()}, of.intercepts, 2e-5);
    std::vector<double> first = model.probabilities(example.table());
    first.resize(3);
    check_close(first, of.first, 1e-6);
  }
}

TEST_CASE("learners: logistic regression has the same bits for any number of threads") {
  const std::vector<double> x = rational_noise(20000);
  std::vector<std::int32_t> y(5000);
  for (std::size_t n = 0; n < y.size(); ++n) y[n] = std::int32_t(n % 7);
  const auto fit = [&] {
    return learners::fit_multinomial_logistic(TableView(x, 4), y, 7, {}).weights;
  };
  const std::size_t threads = num_threads();
  set_num_threads(1);
  const std::vector<double> one = fit();
  set_num_threads(4);
  CHECK(fit() == one);
  set_num_threads(threads);
}

TEST_CASE("learners: linear support vectors and one-vs-rest logistic regression are liblinear's") {
  const Example example;
  const struct {
    std::vector<double> svm, logistic;
  } published[] = {
      {{-0.21162495443140145, -0.11478654808918255},
       {-3.3963432750026357, 2.4842799843109216, -0.38587385216960846, -1.4575401532252337}},
      {{-0.019657784076841815, 0.0004911475234383909},
       {-0.17880433169948273, -0.09605201272153664, -0.03205822311538189, -0.47979853582326615}},
      {{0.23613262580570665, -0.14908514660836011},
       {3.9040421870534843, -2.3578996360925255, 0.751824688635782, -1.4730690523868557}}};
  std::vector<double> first(200);
  for (std::size_t n = 0; n < 200; ++n) first[n] = 5 * example.x[3 * n];
  for (std::int32_t k = 0; k < 3; ++k) {
    CAPTURE(k);
    std::vector<double> signs, costs;
    double positives = 0;
    for (const std::int32_t y : example.y) positives += y == k;
    for (const std::int32_t y : example.y) {
      signs.push_back(y == k ? 1 : -1);
      costs.push_back(0.01 * 200 / 2 / (y == k ? positives : 200 - positives));
    }
    check_close(learners::fit_linear_classifier(TableView(first, 1), signs, costs,
                                                learners::MarginLoss::squared_hinge),
                published[k].svm, 1e-6);
    check_close(learners::fit_linear_classifier(example.table(), signs, std::vector<double>(200, 1),
                                                learners::MarginLoss::logistic),
                published[k].logistic, 1e-6);
  }
}

TEST_CASE("learners: areas under ROC curves, with ties") {
  const Example example;
  std::vector<double> scores;
  std::vector<bool> middle, last;
  std::vector<double> first;
  for (std::size_t n = 0; n < 200; ++n) {
    scores.push_back(std::nearbyint(4 * example.x[3 * n]) + std::nearbyint(example.x[3 * n + 1]));
    first.push_back(example.x[3 * n]);
    middle.push_back(example.y[n] == 1);
    last.push_back(example.y[n] == 2);
  }
  CHECK(learners::roc_area(scores, middle).area == Approx(0.4597304753820034).epsilon(1e-12));
  CHECK(learners::roc_area(first, last).area == Approx(0.8777207977207977).epsilon(1e-12));
  CHECK(std::isnan(learners::roc_area(first, std::vector<bool>(200, true)).area));
  const learners::RocArea chance = learners::roc_area(std::vector<double>(200, 3.0), last);
  CHECK(chance.area == Approx(0.5).epsilon(1e-14));
  for (const double influence : chance.influence) REQUIRE(std::abs(influence) < 1e-15);
}

TEST_CASE("learners: an area's error is that of areas of many samples") {
  // Scores N(0, 1) and N(1, 1): the area is Phi(1 / sqrt 2) = 0.7602.
  constexpr std::size_t samples = 400, points = 300;
  std::vector<double> noise(samples * points);
  fill_normal(noise.data(), {.stream = {.seed = 3}, .batch = samples, .dimensions = points});
  double sum = 0, squares = 0, errors = 0;
  for (std::size_t i = 0; i < samples; ++i) {
    std::vector<double> scores(&noise[i * points], &noise[i * points] + points);
    std::vector<bool> positive(points);
    for (std::size_t n = 0; n < points; ++n) positive[n] = n % 3 == 0, scores[n] += positive[n];
    const learners::RocArea roc = learners::roc_area(scores, positive);
    double error = 0;
    for (const double influence : roc.influence) error += influence * influence;
    sum += roc.area / samples, squares += roc.area * roc.area / samples, errors += error / samples;
  }
  const double variance = squares - sum * sum;
  CHECK(std::abs(sum - 0.7602499389) < 4 * std::sqrt(variance / samples));
  // A variance of 400 samples is good to sqrt(2 / 400) = 7 %: within 3 of its errors.
  CHECK(std::abs(errors / variance - 1) < 0.21);
}

TEST_CASE("learners: Lasso is scikit-learn's") {
  const Example example;
  const learners::Gram gram(example.table(), TableView(example.target, 1));
  check_close(learners::fit_lasso(gram, 0, 0.1), {1.143937791595592, -0.7318871484876287, 0.0},
              1e-9);
  check_close(learners::fit_lasso(gram, 0, 0.3), {0.4875742024858903, -0.12942763925676273, 0.0},
              1e-9);
}

TEST_CASE("learners: intervals are the best of all, tried one by one") {
  // 9 cells, 3 classes: every way to set at most 2 ends, with the most frequent class between.
  for (std::uint64_t trial = 1; trial < 40; ++trial) {
    CAPTURE(trial);
    const std::vector<double> numbers = rational_noise(60, 100 * trial);
    std::vector<double> x;
    std::vector<std::int32_t> y;
    for (std::size_t n = 0; n < 30; ++n) {
      x.push_back(std::floor(4.5 * (numbers[n] + 1)));
      y.push_back(std::int32_t(1.5 * (numbers[30 + n] + 1)));
    }
    const auto most = [&](double low, double high) {
      int counts[3] = {0, 0, 0};
      for (std::size_t n = 0; n < 30; ++n) {
        if (x[n] > low && x[n] <= high) ++counts[y[n]];
      }
      return *std::max_element(counts, counts + 3);
    };
    int best = 0;
    for (int a = -1; a < 9; ++a) {
      for (int b = a; b < 9; ++b) best = std::max(best, most(-2, a) + most(a, b) + most(b, 9));
    }
    const auto classifier = learners::fit_intervals(learners::LineCells(x), y, 3);
    CHECK(classifier.ends.size() <= 3);
    int right = 0;
    for (std::size_t n = 0; n < 30; ++n) right += classifier(x[n]) == y[n];
    CHECK(right == best);
  }
}

TEST_CASE("learners: cells of equal mass part no equal numbers") {
  std::vector<double> x(10000);
  for (std::size_t n = 0; n < x.size(); ++n) x[n] = n < 5000 ? 0.5 : double(n % 5000);
  const learners::LineCells cells(x);
  CHECK(cells.ends.size() <= learners::most_cells);
  CHECK(cells.ends.size() > 120);
  for (std::size_t n = 0; n < 5000; ++n) REQUIRE(cells.cell[n] == cells.cell[0]);
  for (std::size_t n = 0; n < x.size(); ++n) {
    REQUIRE(x[n] <= cells.ends[cells.cell[n]]);
    if (cells.cell[n] > 0) REQUIRE(x[n] > cells.ends[cells.cell[n] - 1]);
  }
}

TEST_CASE("learners: boosted trees do as scikit-learn's") {
  const std::vector<double> x = rational_noise(6000, 777), noise = rational_noise(1500, 20000);
  std::vector<std::int32_t> y;
  for (std::size_t n = 0; n < 1500; ++n) {
    const double* b = &x[4 * n];
    const double t = b[0] - 0.5 * b[1] + 0.25 * b[3] + 0.5 * b[0] * b[2] + 0.3 * noise[n];
    y.push_back((t >= -0.4) + (t >= 0.3));
  }
  const std::span<const double> numbers(x);
  const TableView train(numbers.first(4000), 4), test(numbers.subspan(4000), 4);
  const auto trees = learners::fit_boosted_trees(learners::CutTable(train),
                                                 std::span<const std::int32_t>(y).first(1000), 3);
  // GradientBoostingClassifier's defaults; here ends are those of 256 cells.
  check_close(trees.importances,
              {0.5130585613934863, 0.3036796015641732, 0.06587951390901677, 0.11738232313332378},
              0.02);
  const auto said = trees.classes_of(test);
  double right = 0;
  for (std::size_t n = 0; n < 500; ++n) right += said[n] == y[1000 + n];
  CHECK(std::abs(right / 500 - 0.856) < 0.02);
}

TEST_CASE("statistics: moments of columns, quantiles and eigenvalues") {
  const std::vector<double> x{1e9 + 1, 7, 1e9 + 2, 7, 1e9 + 4, 7};
  CHECK(column_means(TableView(x, 2))[1] == 7);
  CHECK(column_variances(TableView(x, 2))[0] == Approx(7.0 / 3));
  CHECK(column_variances(TableView(x, 2))[1] == 0);
  CHECK(covariance(TableView(x, 2))[1] == 0);
  const learners::Standardisation scale(TableView(x, 2));
  CHECK(scale.of(TableView(x, 2))[1] == 0);
  std::vector<double> y{5, 1, 4, 2};
  CHECK(quantile(y, 0.5) == 3);
  CHECK(quantile(y, 1) == 5);
  CHECK(quantile(y, 0.99) == Approx(4.97));  // numpy.quantile
  CHECK(mid_ranks(std::vector<double>{3, 1, 3, 2}) == std::vector<double>{3.5, 1, 3.5, 2});
}

TEST_CASE("statistics: eigenvalues of symmetric matrices") {
  // 2 - 2 cos(k pi / (n + 1)) of a chain; the same after reflections Q = I - 2 u u' / u'u.
  for (const std::size_t n : {1u, 2u, 4u, 50u}) {
    CAPTURE(n);
    std::vector<double> chain(n * n, 0.0);
    for (std::size_t i = 0; i < n; ++i) {
      chain[i * n + i] = 2;
      if (i + 1 < n) chain[i * n + i + 1] = chain[(i + 1) * n + i] = -1;
    }
    const std::vector<double> u = rational_noise(n);
    double squares = 0;
    for (const double x : u) squares += x * x;
    const auto q = [&](std::size_t i, std::size_t j) {
      return double(i == j) - 2 * u[i] * u[j] / squares;
    };
    std::vector<double> half(n * n, 0.0), full(n * n, 0.0);
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = 0; j < n; ++j) {
        for (std::size_t l = 0; l < n; ++l) half[i * n + j] += q(i, l) * chain[l * n + j];
      }
    }
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = 0; j < n; ++j) {
        for (std::size_t l = 0; l < n; ++l) full[i * n + j] += half[i * n + l] * q(l, j);
      }
    }
    for (const std::vector<double>& matrix : {chain, full}) {
      const std::vector<double> values = symmetric_eigenvalues(matrix, n);
      for (std::size_t k = 1; k <= n; ++k) {
        CHECK(std::abs(values[k - 1] - (2 - 2 * std::cos(double(k) * M_PI / double(n + 1)))) <
              1e-13);
      }
    }
  }
  // Equal values, and the zeros of a matrix of ones.
  CHECK(symmetric_eigenvalues({3, 0, 0, 0, 3, 0, 0, 0, 3}, 3) == std::vector<double>{3, 3, 3});
  const std::vector<double> ones = symmetric_eigenvalues(std::vector<double>(25, 1.0), 5);
  CHECK(std::abs(ones[4] - 5) < 1e-14);
  for (std::size_t i = 0; i < 4; ++i) CHECK(std::abs(ones[i]) < 1e-14);
  CHECK(std::isnan(symmetric_eigenvalues({1, NAN, NAN, 1}, 2)[0]));
}
