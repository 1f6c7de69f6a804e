// Quantiles in float by tables and continued fractions, against those in double.
#include "autodiff/special/quantile_table.hpp"

#include <cmath>
#include <numbers>

#include "autodiff/special/beta_quantile.hpp"
#include "autodiff/special/gamma_quantile.hpp"
#include "autodiff/special/student_t_quantile.hpp"
#include "tests/catch.hpp"

using namespace nelbo::special;

namespace {

/// `count` numbers from `low` to `high`, at equal distances of their logarithms.
std::vector<double> spread(double low, double high, int count) {
  std::vector<double> all;
  for (int i = 0; i < count; ++i) {
    all.push_back(low * std::pow(high / low, double(i) / (count - 1)));
  }
  return all;
}

double probability(double g) { return 0.5 * std::erfc(-g / std::numbers::sqrt2); }

/// |a - b| by the larger of 1 and |b|.
double distance(double a, double b) { return std::fabs(a - b) / std::max(1.0, std::fabs(b)); }

}  // namespace

TEST_CASE(
    "quantile tables: a polynomial of degree 5 in each number is exact, with its derivative") {
  const auto f = [](double x, double g) { return std::pow(x, 5) * g - 3 * x * std::pow(g, 5) + 1; };
  const QuantileTable table(f, {-1, 2, 0.3}, {0, 1, 0.25});
  for (const double x : {-1.0, -0.95, 0.1, 1.99, 2.0}) {
    for (const double g : {0.0, 0.3, 0.77, 1.0}) {
      REQUIRE(table.reaches(x, g));
      const auto [value, by_x] = table.at(x, g);
      CHECK(value == Approx(f(x, g)).epsilon(1e-12).margin(1e-12));
      CHECK(by_x ==
            Approx(5 * std::pow(x, 4) * g - 3 * std::pow(g, 5)).epsilon(1e-10).margin(1e-10));
    }
  }
  CHECK_FALSE(table.reaches(-1.01, 0.5));
  CHECK_FALSE(table.reaches(0, std::nan("")));
}

TEST_CASE("quantile tables: log gamma and Student's quantiles and slopes to float's digits") {
  double gamma = 0, gamma_slope = 0, student = 0, student_slope = 0;
  for (const double parameter : spread(0.11, 9e5, 173)) {
    for (double g = -5.3; g <= 5.3; g += 0.0713) {
      const double u = probability(g);
      const LogGamma exact(parameter);
      const double y = exact.quantile(u);
      const Tabulated<1> of_gamma = tabulated_log_gamma(parameter, g);
      REQUIRE(of_gamma.known);
      gamma = std::max(gamma, distance(of_gamma.value, y));
      const double slope = exact.at(y).d_alpha;
      gamma_slope = std::max(gamma_slope, std::fabs(of_gamma.slopes[0] / slope - 1));
      const double t = student_t_quantile(parameter, u);
      const Tabulated<1> of_student = tabulated_student_t(parameter, g);
      REQUIRE(of_student.known);
      student = std::max(student, std::fabs(of_student.value / t - 1));
      student_slope = std::max(student_slope,
                               distance(of_student.slopes[0], student_t_slope(parameter, t).d_nu));
    }
  }
  CHECK(gamma < 3e-7);
  CHECK(gamma_slope < 2e-6);
  CHECK(student < 6e-7);
  CHECK(student_slope < 1e-5);
  for (const double outside : {0.05, 2e6}) {
    CHECK_FALSE(tabulated_log_gamma(outside, 0).known);
    CHECK_FALSE(tabulated_student_t(outside, 0).known);
  }
  CHECK_FALSE(tabulated_log_gamma(1, 6).known);
  CHECK_FALSE(tabulated_log_gamma(1, -INFINITY).known);
}

TEST_CASE("quantile tables: logits of beta variables and their slopes to float's digits") {
  double value = 0, slope = 0;
  for (const double a : spread(0.38, 490, 37)) {
    for (const double b : spread(0.38, 490, 31)) {
      const LogitBeta exact(a, b);
      for (double g = -5.3; g <= 5.3; g += 0.513) {
        const double y = exact.quantile(probability(g), probability(-g));
        const Tabulated<2> found = tabulated_logit_beta(a, b, g);
        REQUIRE(found.known);
        const LogitBeta::Point at = exact.at(y);
        value = std::max(value, distance(found.value, y));
        slope = std::max({slope, std::fabs(found.slopes[0] - at.d_a) / std::fabs(at.d_a),
                          std::fabs(found.slopes[1] - at.d_b) / std::fabs(at.d_b)});
      }
    }
  }
  CHECK(value < 1e-6);
  CHECK(slope < 2e-5);
  CHECK_FALSE(tabulated_logit_beta(0.3, 1, 0).known);
  CHECK_FALSE(tabulated_logit_beta(1, 600, 0).known);
}

TEST_CASE("beta quantiles in float are those in double") {
  double worst = 0;
  for (const double a : spread(0.02, 5e4, 23)) {
    for (const double b : spread(0.02, 5e4, 21)) {
      for (const double u : {6e-8, 1e-4, 0.02, 0.3, 0.5, 0.77, 0.99, 1 - 6e-8}) {
        const LogitBeta beta(a, b);
        worst =
            std::max(worst, distance(beta.quantile_in_float(u, 1 - u), beta.quantile(u, 1 - u)));
      }
    }
  }
  CHECK(worst < 1e-7);
}
