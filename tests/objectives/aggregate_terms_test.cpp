#include "objectives/terms/aggregate_terms.hpp"

#include <algorithm>

#include "autodiff/ops.hpp"
#include "objectives/draw/draw.hpp"
#include "objectives/terms/terms.hpp"
#include "tests/catch.hpp"
#include "tests/objectives/vae_fixture.hpp"

using namespace nelbo;
using nelbo::tests::contains;
using nelbo::tests::VaeFixture;

namespace {

/// Weight of posterior n for a sample of datum b, from research notes' definitions and not from
/// weights().
double weight(Scheme scheme, int b, int n, double N, double B) {
  switch (scheme) {
    case Scheme::full:
      return 1 / N;
    case Scheme::naive:
      return 1 / B;
    case Scheme::loo:
      return n == b ? 0 : 1 / (B - 1);
    case Scheme::strat:
      return n == b ? 1 / N : (N - 1) / N / (B - 1);
    case Scheme::mss: {
      const double M = B - 1;
      if (n == b) return 1 / N;
      return n == (b + 1) % int(B) ? (N - M) / (N * M) : 1 / M;
    }
    case Scheme::mws:
      return 1 / (N * B);
    case Scheme::average:
      break;
  }
  return 0;
}

/// log sum_n w_n prod_{d in dims} q(z_sb,d | x_n) in plain loops.
double log_mixture(const VaeFixture& f, Draw& draw, Scheme scheme, double N, int s, int b,
                   const std::vector<int>& dims) {
  if (scheme == Scheme::average) {
    return 0.5 * (log_mixture(f, draw, Scheme::naive, N, s, b, dims) +
                  log_mixture(f, draw, Scheme::loo, N, s, b, dims));
  }
  double sum = 0;
  for (int n = 0; n < f.B; ++n) {
    double log_density = 0;
    for (const int d : dims) log_density += f.log_q(draw, s, b, n, d);
    sum += weight(scheme, b, n, N, f.B) * std::exp(log_density);
  }
  return std::log(sum);
}

struct Expected {
  double hagg = 0, mi = 0, aggdiv = 0, tc = 0, dwkl = 0, pf = 0, between = 0, within = 0;
};

/// Zheng eqs (8), (19), (21)-(29), every one from its own definition.
Expected by_hand(const VaeFixture& f, Draw& draw, Scheme scheme, double N,
                 const std::vector<std::vector<int>>& groups) {
  Expected e;
  std::vector<int> all(f.D);
  for (int d = 0; d < f.D; ++d) all[d] = d;
  for (int s = 0; s < f.S; ++s) {
    for (int b = 0; b < f.B; ++b) {
      const double joint = log_mixture(f, draw, scheme, N, s, b, all);
      double own = 0, product = 0, prior = 0, grouped = 0;
      for (int d = 0; d < f.D; ++d) {
        own += f.log_q(draw, s, b, b, d);
        product += log_mixture(f, draw, scheme, N, s, b, {d});
        prior += f.log_p(draw, s, b, d);
      }
      for (const auto& group : groups) grouped += log_mixture(f, draw, scheme, N, s, b, group);
      const double n = f.S * f.B;
      e.hagg -= joint / n;
      e.mi += (own - joint) / n;
      e.aggdiv += (joint - prior) / n;
      e.tc += (joint - product) / n;
      e.dwkl += (product - prior) / n;
      e.between += (joint - grouped) / n;
      e.within += (grouped - product) / n;
    }
  }
  return e;
}

}  // namespace

TEST_CASE("aggregate terms: every scheme agrees with its definition in plain loops") {
  const Scheme scheme = GENERATE(from_range(all_schemes()));
  CAPTURE(name(scheme));
  VaeFixture f(2, 5, 4);
  const double N = scheme == Scheme::full ? f.B : 40;
  Draw draw(*f.model, f.x, f.noise, {.size = std::int64_t(N)});
  const Grouping groups({{0, 2}, {1, 3}});
  const Expected e = by_hand(f, draw, scheme, N, groups.of(4));
  const auto near = [](double x) { return Approx(x).epsilon(1e-11).margin(1e-11); };
  CHECK(hagg(scheme)(draw).item() == near(e.hagg));
  CHECK(mi(scheme)(draw).item() == near(e.mi));
  CHECK(aggdiv(scheme)(draw).item() == near(e.aggdiv));
  CHECK(tc(scheme)(draw).item() == near(e.tc));
  CHECK(dwkl(scheme)(draw).item() == near(e.dwkl));
  CHECK(pf()(draw).item() == near(0));
  CHECK(tc(scheme, groups, Level::between)(draw).item() == near(e.between));
  CHECK(tc(scheme, groups, Level::within)(draw).item() == near(e.within));
}

TEST_CASE("aggregate terms: the identities hold per draw under every scheme") {
  const Scheme scheme = GENERATE(from_range(all_schemes()));
  CAPTURE(name(scheme));
  VaeFixture f(3, 6, 4);
  Draw draw(*f.model, f.x, f.noise,
            {.size = scheme == Scheme::full ? std::int64_t(6) : std::int64_t(100)});
  const auto of = [&](const Term& term) { return term(draw).item(); };
  const auto near = [](double x) { return Approx(x).epsilon(1e-12).margin(1e-12); };
  CHECK(of(mi(scheme)) + of(aggdiv(scheme)) == near(of(div(Expectation::monte_carlo))));
  CHECK(of(tc(scheme)) + of(dwkl(scheme)) - of(pf()) == near(of(aggdiv(scheme))));
  CHECK(of(hagg(scheme)) - of(hqzx(Expectation::monte_carlo)) == near(of(mi(scheme))));
  const Grouping groups = Grouping::equal(2);
  CHECK(of(tc(scheme, groups, Level::between)) + of(tc(scheme, groups, Level::within)) ==
        near(of(tc(scheme))));
}

TEST_CASE("aggregate terms: pf of a correlated prior, in closed form and by samples") {
  constexpr int S = 4000, B = 3, D = 2;
  VaeFixture f(S, B, D, "normal:full");
  // L = [[1, 0], [0.6, 0.8]]: unit variances, correlation 0.6.
  f.store.tensor("prior.below").data_as<double>()[0] = 0.6;
  f.store.tensor("prior.log_diagonal").data_as<double>()[1] = std::log(0.8);
  Draw draw(*f.model, f.x, f.noise);
  const DiagNormal& q = draw.posterior().diagonal("test");
  const Tensor m = q.mean.value(), v = q.log_variance.value();
  // E_q[log N(z; 0, Sigma) - log N(z; 0, I)] with Sigma^-1 = [[1, -r], [-r, 1]] / (1 - r^2).
  const double r = 0.6, det = 1 - r * r;
  double exact = 0;
  for (int b = 0; b < B; ++b) {
    const double xx = m.at({b, 0}) * m.at({b, 0}) + std::exp(v.at({b, 0}));
    const double yy = m.at({b, 1}) * m.at({b, 1}) + std::exp(v.at({b, 1}));
    const double xy = m.at({b, 0}) * m.at({b, 1});
    exact += (-0.5 * std::log(det) - 0.5 * ((xx - 2 * r * xy + yy) / det - xx - yy)) / B;
  }
  CHECK(std::abs(exact) > 0.01);
  CHECK(pf(Expectation::exact)(draw).item() == Approx(exact).epsilon(1e-10));
  // By samples: the mean of S values per datum, and its standard error.
  const auto values = (draw.log_prior() - sum(draw.log_prior_marginals(), -1)).value().values();
  double mean = 0, squares = 0;
  for (const double x : values) mean += x / double(values.size());
  for (const double x : values) squares += (x - mean) * (x - mean);
  const double z = (mean - exact) / std::sqrt(squares / double(values.size()) / double(S * B));
  INFO("z = " << z);
  CHECK(std::abs(z) < 4);
  CHECK(pf()(draw).item() == Approx(mean).epsilon(1e-12));
}

TEST_CASE("aggregate terms: leaf densities are computed once, however many terms use them") {
  VaeFixture f(1, 5, 4);
  Draw draw(*f.model, f.x, f.noise, {.size = 50});
  const Term objective = nell() + mi() + 6 * tc() + dwkl() + hagg() + aggdiv() - pf();
  objective(draw);
  CHECK(f.tape.count("pairwise_normal_log_prob") == 1);
  CHECK(f.tape.count("bernoulli_log_prob") == 1);
  CHECK(f.tape.count("normal_rsample_log_prob") == 1);
  CHECK(f.tape.count("standard_normal_log_prob") == 1);
}

TEST_CASE("aggregate terms: the gradient of nell + mi + tc + dwkl - pf is that of nell + div(mc)") {
  const Scheme scheme = GENERATE(Scheme::naive, Scheme::loo, Scheme::strat, Scheme::mss);
  VaeFixture f(1, 6, 3);
  Draw draw(*f.model, f.x, f.noise, {.size = 60});
  const Var parts = (nell() + mi(scheme) + tc(scheme) + dwkl(scheme) - pf())(draw);
  const Var whole = (nell() + div(Expectation::monte_carlo))(draw);
  GradientSink a(f.store), b(f.store);
  f.tape.backward(parts, all_groups, a);
  f.tape.backward(whole, all_groups, b);
  const auto x = a.buffer().values(), y = b.buffer().values();
  for (std::size_t i = 0; i < x.size(); ++i)
    CHECK(x[i] == Approx(y[i]).epsilon(1e-9).margin(1e-12));
}

TEST_CASE("aggregate terms: what is not defined is refused") {
  {
    VaeFixture one(1, 1, 2);
    Draw single(*one.model, one.x, one.noise, {.size = 10});
    CHECK_THROWS_WITH(tc(Scheme::strat)(single), contains("batch of 1"));
  }
  VaeFixture f(1, 4, 3);
  Draw unknown(*f.model, f.x, f.noise);
  CHECK_THROWS_WITH(tc(Scheme::mss)(unknown), contains("number N of data"));
  CHECK_NOTHROW(tc(Scheme::naive)(unknown));
  Draw more(*f.model, f.x, f.noise, {.size = 10});
  CHECK_THROWS_WITH(hagg(Scheme::full)(more), contains("strat"));
  CHECK_THROWS_WITH(tc(Scheme::strat, Grouping::equal(2), Level::between)(more),
                    contains("equal groups"));
  CHECK_THROWS_WITH(tc(Scheme::strat, Grouping({{0}, {1, 3}}), Level::between)(more),
                    contains("no dimension 3"));
  CHECK_THROWS_WITH(mi_lower()(more), contains("entropy of the data"));
}

TEST_CASE("aggregate terms: full against all posteriors of the data is eq. (24)") {
  VaeFixture f(1, 8, 2);
  Draw whole(*f.model, f.x, f.noise, {.size = 8});
  // The first three data as a batch, against all eight posteriors.
  const Var few = f.tape.leaf(slice(f.x, 0, 0, 3).value());
  const Var noise = f.tape.leaf(slice(f.noise, 1, 0, 3).value());
  Draw batch(*f.model, few, noise, {.size = 8, .posteriors = whole.posterior().diagonal("test")});
  const auto all = hagg(Scheme::full).per_datum(whole)->value().values();
  const auto three = hagg(Scheme::full).per_datum(batch)->value().values();
  for (int b = 0; b < 3; ++b) CHECK(three[b] == Approx(all[b]).epsilon(1e-12));
}
