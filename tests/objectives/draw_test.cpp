#include "objectives/draw/draw.hpp"

#include <cmath>

#include "autodiff/error.hpp"
#include "autodiff/ops.hpp"
#include "autodiff/random.hpp"
#include "objectives/language/expression.hpp"
#include "objectives/terms/aggregate_terms.hpp"
#include "objectives/terms/terms.hpp"
#include "tests/catch.hpp"
#include "tests/objectives/vae_fixture.hpp"
#include "tests/oracles.hpp"

using namespace nelbo;
using nelbo::tests::dense, nelbo::tests::tanh_of;

namespace {

constexpr int S = 3, B = 4, X = tests::VaeFixture::X, D = 2;

struct Fixture : tests::VaeFixture {
  Fixture() : VaeFixture(::S, ::B, ::D) {}
};

}  // namespace

TEST_CASE("draw: nell, div and elbo agree with Zheng eqs (13)-(16) in plain loops") {
  Fixture f;
  const DiagNormal q = f.model->posterior(f.x)->diagonal("test");
  const std::vector<double> mean = q.mean.value().values(), lv = q.log_variance.value().values();
  double nell_sum = 0, mc = 0, kl = 0;
  for (int b = 0; b < B; ++b) {
    for (int d = 0; d < D; ++d) {
      const double m = mean[b * D + d], v = std::exp(lv[b * D + d]);
      kl += 0.5 * (v + m * m - 1 - std::log(v)) / B;
    }
    for (int s = 0; s < S; ++s) {
      std::vector<double> z;
      for (int d = 0; d < D; ++d) {
        const double sd = std::exp(0.5 * lv[b * D + d]);
        z.push_back(mean[b * D + d] + sd * f.noise.value().at({s, b, d}));
        const double log_q = -0.5 * std::pow((z[d] - mean[b * D + d]) / sd, 2) - std::log(sd);
        mc += (log_q + 0.5 * z[d] * z[d]) / (S * B);
      }
      const auto logits = dense(f.store, "decoder.output", tanh_of(dense(f.store, "decoder.0", z)));
      for (int i = 0; i < X; ++i) {
        const double x = f.x.value().at({b, i});
        nell_sum -= (x * logits[i] - std::log1p(std::exp(logits[i]))) / (S * B);
      }
    }
  }
  Draw draw(*f.model, f.x, f.noise);
  CHECK(nell()(draw).item() == Approx(nell_sum).epsilon(1e-12));
  CHECK(div()(draw).item() == Approx(kl).epsilon(1e-12));
  CHECK(div(Expectation::monte_carlo)(draw).item() == Approx(mc).epsilon(1e-12));
  CHECK(elbo()(draw).item() == Approx(-nell_sum - kl).epsilon(1e-12));
  CHECK(elbo().cost()(draw).item() == Approx(nell_sum + kl).epsilon(1e-12));
  CHECK(parse_objective("nell + 4*div").cost()(draw).item() == Approx(nell_sum + 4 * kl));
  CHECK(parse_objective("-elbo(mc)/2 + nell").cost()(draw).item() ==
        Approx((nell_sum + mc) / 2 + nell_sum));
}

TEST_CASE("draw: each leaf density is evaluated once, however many terms use it") {
  Fixture f;
  Draw draw(*f.model, f.x, f.noise);
  const Term n = nell();
  const Term all = n + div() + 2 * div(Expectation::monte_carlo) + -elbo(Expectation::monte_carlo);
  all.cost()(draw);
  CHECK(f.tape.count("bernoulli_log_prob") == 1);
  CHECK(f.tape.count("normal_rsample_log_prob") == 1);
  CHECK(f.tape.count("standard_normal_log_prob") == 1);
  CHECK(f.tape.count("normal_kl_standard") == 1);
  const std::size_t before = f.tape.nodes();
  n(draw);
  CHECK(f.tape.nodes() == before);
}

TEST_CASE("draw: what has no closed form is refused, and what is to be used instead is named") {
  for (const std::string prior : {"mixture:4", "vamp:3", "laplace"}) {
    INFO(prior);
    tests::VaeFixture f(S, B, D, prior.c_str());
    CHECK_FALSE(has_exact_div(*f.model));
    Draw draw(*f.model, f.x, f.noise);
    CHECK_THROWS_WITH(div()(draw), tests::contains("prior " + prior) &&
                                       tests::contains("no closed form; use div(mc)"));
    const Term exact = pf(Expectation::exact);
    if (draw.prior().factorised()) {
      CHECK(exact(draw).item() == 0);
      continue;
    }
    CHECK_THROWS_WITH(exact(draw), tests::contains("prior " + prior) &&
                                       tests::contains("no closed form; use pf"));
  }
}

TEST_CASE("draw: shapes that do not fit the model are refused") {
  Fixture f;
  const Var wrong = f.tape.leaf({S, B + 1, D}, DType::f64);
  CHECK_THROWS_WITH(Draw(*f.model, f.x, wrong), tests::contains("[3, 4, 2]"));
}
