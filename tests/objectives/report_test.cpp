#include "objectives/algebra/report.hpp"

#include <map>

#include "autodiff/ops.hpp"
#include "objectives/draw/draw.hpp"
#include "objectives/language/expression.hpp"
#include "objectives/terms/aggregate_terms.hpp"
#include "objectives/terms/terms.hpp"
#include "tests/catch.hpp"
#include "tests/objectives/vae_fixture.hpp"

using namespace nelbo;
using nelbo::tests::VaeFixture;

namespace {

std::map<std::string, ReportLine> by_name(const std::vector<ReportLine>& lines) {
  std::map<std::string, ReportLine> all;
  for (const ReportLine& line : lines) all.emplace(line.quantity.name, line);
  return all;
}

}  // namespace

TEST_CASE("report: every named term with its value, weight, standard error and bias") {
  constexpr int S = 2, B = 5, D = 3, N = 20;
  VaeFixture f(S, B, D);
  Draw draw(*f.model, f.x, f.noise, {.size = N});
  const Term objective = parse_objective(
      "nell + anneal(1, 3, steps=10)*div - 2*(mi(strat) + 0.5*div) + max(tc(loo), 0.1)");
  const auto lines = by_name(report(objective, draw));
  REQUIRE(lines.size() == 4);

  // nell, in plain loops over the leaf density.
  const Tensor log_likelihood = draw.log_likelihood().value();
  double mean = 0, squares = 0, datum[B] = {};
  for (int b = 0; b < B; ++b) {
    for (int s = 0; s < S; ++s) datum[b] -= log_likelihood.at({s, b}) / S;
    mean += datum[b] / B;
  }
  for (const double value : datum) squares += (value - mean) * (value - mean);
  const ReportLine& nell = lines.at("nell");
  CHECK(nell.value == Approx(mean).epsilon(1e-12));
  CHECK(*nell.weight == 1);
  CHECK(*nell.standard_error == Approx(std::sqrt(squares / (B - 1) / B)).epsilon(1e-10));
  CHECK(nell.bias == Bias::none);

  CHECK(*lines.at("div").weight == 0);  // 1 - 2 * 0.5
  CHECK(*by_name(report(objective, draw, 10)).at("div").weight == 2);
  CHECK(lines.at("div").value == Approx(div()(draw).item()));
  CHECK(*lines.at("mi(strat)").weight == -2);
  CHECK(lines.at("mi(strat)").bias == Bias::over);
  CHECK(!lines.at("tc(loo)").weight);  // the argument of a function
  CHECK(lines.at("tc(loo)").bias == Bias::undetermined);
  CHECK(lines.at("tc(loo)").value == Approx(tc(Scheme::loo)(draw).item()));
}

TEST_CASE("report: a bound is reported with what it is made of, and their weights in it") {
  VaeFixture f(1, 4, 2);
  Draw draw(*f.model, f.x, f.noise);
  const auto lines = by_name(report(parse_objective("-2*elbo + 3*div"), draw));
  REQUIRE(lines.size() == 3);
  CHECK(*lines.at("elbo").weight == -2);
  CHECK(*lines.at("nell").weight == 2);
  CHECK(*lines.at("div").weight == 5);
  CHECK(lines.at("elbo").value ==
        Approx(-lines.at("nell").value - lines.at("div").value).epsilon(1e-12));
  CHECK(lines.at("elbo").bias == Bias::under);
}

TEST_CASE("report: no standard error of one datum or of what is no mean over the data") {
  VaeFixture one(2, 1, 2);
  Draw of_one(*one.model, one.x, one.noise);
  CHECK(!report(nell(), of_one).front().standard_error);
  VaeFixture f(1, 4, 2);
  Draw draw(*f.model, f.x, f.noise);
  CHECK(!by_name(report(nell() + div_j(), draw)).at("div_j").standard_error);
  CHECK(f.tape.count("bernoulli_log_prob") == 1);
}
