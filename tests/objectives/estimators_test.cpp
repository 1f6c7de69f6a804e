// Estimators of one datum in plain double, against published means and spreads.
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <vector>

#include "autodiff/error.hpp"
#include "autodiff/random.hpp"
#include "objectives/bounds/bounds.hpp"
#include "objectives/estimators/choice.hpp"
#include "objectives/estimators/estimators.hpp"
#include "objectives/estimators/leave_one_out.hpp"
#include "objectives/language/estimator_words.hpp"
#include "objectives/language/read_estimators.hpp"
#include "tests/catch.hpp"

using namespace nelbo;

namespace {

constexpr std::size_t S = 5;

struct WeightsOf {
  double value;
  std::vector<double> decoder, path, score;
};

WeightsOf weigh(const Bound& bound, const EstimatorChoice& estimator, const std::vector<double>& f,
                double baseline = 0) {
  const std::size_t n = f.size();
  std::vector<double> a(n), h(n), scratch(6 * n);
  WeightsOf of{0, std::vector<double>(n), std::vector<double>(n), std::vector<double>(n)};
  const double l = bound(f, a, h);
  Estimator::Weights weights{l, of.decoder, of.path, of.score, scratch};
  estimator({bound, f, a, h, l, baseline}, weights);
  of.value = weights.value;
  return of;
}

/// z ~ N(0, 1), x|z ~ N(0.8 z, 1), x = 1.3, q = N(0.2, 0.81): the gradient for q's mean.
struct Toy {
  static constexpr double mean = 0.2, sd = 0.9, slope = 0.8, x = 1.3;
  static double f(double z, double e) {
    const double r = x - slope * z;
    return -0.5 * (r * r + z * z - e * e) - 0.5 * std::log(2 * M_PI) + std::log(sd);
  }
  /// d/dz [log p(x, z) - log q(z)] with dz/dmean = 1.
  static double path(double z, double e) { return slope * (x - slope * z) - z + e / sd; }
  /// d/dmean log q at a fixed z.
  static double score(double e) { return e / sd; }
};

struct Moments {
  double n = 0, sum = 0, squares = 0;
  void add(double g) {
    ++n;
    sum += g;
    squares += g * g;
  }
  double mean() const { return sum / n; }
  double sd() const { return std::sqrt(squares / n - mean() * mean()); }
};

/// Gradients of one (bound, estimator) over `draws` draws of S samples.
Moments simulate(const Bound& bound, const Estimator& estimator, std::size_t draws) {
  std::vector<double> noise(draws * S);
  fill_normal(noise.data(),
              {.stream = {7, StreamId::user}, .draws = S, .batch = draws, .dimensions = 1});
  Moments moments;
  std::vector<double> f(S), z(S), e(S);
  for (std::size_t r = 0; r < draws; ++r) {
    for (std::size_t s = 0; s < S; ++s) {
      e[s] = noise[s * draws + r];
      z[s] = Toy::mean + Toy::sd * e[s];
      f[s] = Toy::f(z[s], e[s]);
    }
    const WeightsOf w = weigh(bound, estimator, f);
    double gradient = 0;
    for (std::size_t s = 0; s < S; ++s) {
      gradient += w.path[s] * Toy::path(z[s], e[s]) + w.score[s] * Toy::score(e[s]);
    }
    moments.add(gradient);
  }
  return moments;
}

struct TableRow {
  Bound bound;
  double mean, stl_mean;
  std::array<double, 5> sd;  // reparam, stl, dreg, score, leave-one-out
};

std::vector<TableRow> published() {
  using namespace bounds;
  return {
      {mc(S, elbo()), .7121, .7121, {.660, .163, .163, 5.38, .856}},
      {iw(S), .1162, .5648, {.641, .159, .0428, 4.86, .463}},
      {renyi(.5, S), .3748, .6287, {.626, .155, .0944, 5.08, .594}},
      {renyi(-1, S), -.2326, .4786, {.701, .173, .0795, 4.58, .386}},
      {ciwae(.3, S), .2949, .6090, {.624, .154, .0762, 5.01, .561}},
  };
}

}  // namespace

TEST_CASE("estimators: means and spreads of five bounds and five estimators") {
  constexpr std::size_t draws = 400'000;
  for (const TableRow& row : published()) {
    const bool elbo = row.bound.is_elbo();
    const std::array<Estimator, 5> all{estimators::reparam(), estimators::stl(), estimators::dreg(),
                                       estimators::score(),
                                       elbo ? estimators::rloo() : estimators::vimco()};
    for (std::size_t i = 0; i < all.size(); ++i) {
      INFO(row.bound.text() << " " << all[i].text());
      const Moments of = simulate(row.bound, all[i], draws);
      const double expected = i == 1 ? row.stl_mean : row.mean;
      // The published means are of 300,000 draws, given to four digits.
      const double se = of.sd() * std::sqrt(1.0 / draws + 1.0 / 300'000);
      CHECK(std::fabs(of.mean() - expected) < 4 * se + 1e-4);
      CHECK(std::fabs(of.sd() / row.sd[i] - 1) < 0.03);
      CHECK(all[i].unbiased(row.bound) == (i != 1 || elbo));
    }
  }
}

TEST_CASE(
    "estimators: every one that calls itself unbiased agrees with reparam, the others do not") {
  constexpr std::size_t draws = 400'000;
  for (const TableRow& row : published()) {
    const Moments reference = simulate(row.bound, estimators::reparam(), draws);
    for (const Estimator& estimator :
         {estimators::stl(), estimators::dreg(), estimators::score(), estimators::rloo(),
          estimators::vimco(estimators::OthersMean::geometric),
          estimators::vimco(estimators::OthersMean::arithmetic), estimators::ovis(1),
          estimators::ovis(0), estimators::wake_sleep(1), estimators::rws_dreg()}) {
      if (!estimator.rule().undefined(row.bound).empty()) continue;
      INFO(row.bound.text() << " " << estimator.text());
      const Moments of = simulate(row.bound, estimator, draws);
      const double se = std::hypot(of.sd(), reference.sd()) / std::sqrt(double(draws));
      const double z = (of.mean() - reference.mean()) / se;
      if (estimator.unbiased(row.bound)) {
        CHECK(std::fabs(z) < 4);
      } else {
        CHECK(std::fabs(z) > 6);
      }
    }
  }
}

TEST_CASE("estimators: rws_dreg and wake-phi have one expectation, that of Q towards P(Z|x)") {
  const Moments wake = simulate(bounds::iw(S), estimators::wake_sleep(1), 400'000);
  const Moments dreg = simulate(bounds::iw(S), estimators::rws_dreg(), 400'000);
  const double se = std::hypot(wake.sd(), dreg.sd()) / std::sqrt(400'000.0);
  CHECK(std::fabs(wake.mean() - dreg.mean()) < 4 * se);
}

TEST_CASE("estimators: vimco's weights are those of plain loops, group by group") {
  const std::vector<double> f{-1, 0.5, 2, -3, 0.25, 1};
  const auto log_mean_exp = [](const std::vector<double>& x) {
    double sum = 0;
    for (double v : x) sum += std::exp(v);
    return std::log(sum / double(x.size()));
  };
  for (const auto mean : {estimators::OthersMean::geometric, estimators::OthersMean::arithmetic}) {
    const WeightsOf of = weigh(bounds::miwae(2, 3), estimators::vimco(mean), f);
    for (std::size_t s = 0; s < 6; ++s) {
      const std::size_t first = s / 3 * 3;
      std::vector<double> group(f.begin() + first, f.begin() + first + 3), others;
      for (std::size_t t = 0; t < 3; ++t) {
        if (first + t != s) others.push_back(group[t]);
      }
      const double l = log_mean_exp(group);
      const double a = std::exp(f[s] - l) / 3;
      group[s - first] = mean == estimators::OthersMean::geometric ? (others[0] + others[1]) / 2
                                                                   : log_mean_exp(others);
      CHECK(of.score[s] == Approx(((l - log_mean_exp(group)) - a) / 2).epsilon(1e-12));
      CHECK(of.path[s] == 0);
      CHECK(of.decoder[s] == Approx(a / 2).epsilon(1e-12));
    }
  }
}

namespace {

/// iw(m) that does not say that it is one, and counts how often it is evaluated: vimco replaces f_s in it.
Bound anonymous_iw(std::int64_t m, std::int64_t& calls) {
  Bound::Properties properties = bounds::iw(m).properties();
  properties.importance_weighted = false;
  return Bound(properties, [inner = bounds::iw(m), &calls](auto f, auto a, auto h) {
    ++calls;
    return inner.function()(f, a, h);
  });
}

}  // namespace

TEST_CASE("estimators: vimco of iw has the numbers of m evaluations of the bound from one") {
  const double inf = std::numeric_limits<double>::infinity();
  std::vector<std::vector<double>> rows{{-1, 0.5, 2, -3, 0.25, 1},
                                        {0, 0, 0},
                                        {0, 1000},
                                        {1000, -1000, 0, 999.5},
                                        {-300, -300, -300, 0},
                                        {-2000, -1000, -1000, -3000},
                                        {-inf, 0, 1},
                                        {-inf, -inf, 2, 0},
                                        {-inf, -inf}};
  std::vector<double> long_row;
  for (int s = 0; s < 200; ++s) long_row.push_back(40 * std::sin(7.0 * s * s) - 0.1 * s);
  rows.push_back(long_row);
  for (const auto mean : {estimators::OthersMean::geometric, estimators::OthersMean::arithmetic}) {
    for (const std::vector<double>& f : rows) {
      std::int64_t calls = 0;
      const std::int64_t m = std::int64_t(f.size());
      const WeightsOf fast = weigh(bounds::iw(m), estimators::vimco(mean), f);
      const WeightsOf slow = weigh(anonymous_iw(m, calls), estimators::vimco(mean), f);
      CHECK(calls == m + 2);  // the datum's own, L, and c_s of each
      CHECK(fast.value == slow.value);
      CHECK(fast.decoder == slow.decoder);
      for (std::size_t s = 0; s < f.size(); ++s) {
        INFO("m = " << m << ", f_" << s << " = " << f[s]);
        if (std::isfinite(slow.score[s])) {
          double scale = 1;  // L and c_s are rounded at their own size
          for (const double x : f) scale = std::max(scale, std::isinf(x) ? 0 : std::fabs(x));
          CHECK(fast.score[s] == Approx(slow.score[s]).epsilon(1e-12).margin(4e-16 * scale));
        } else {
          CHECK(std::isnan(fast.score[s]) == std::isnan(slow.score[s]));
          CHECK((std::isnan(slow.score[s]) || fast.score[s] == slow.score[s]));
        }
      }
    }
  }
  // One evaluation for each group of an iw, whatever its size.
  for (const std::int64_t m : {4, 100}) {
    std::int64_t calls = 0;
    Bound::Properties properties = bounds::iw(m).properties();
    const Bound counted(properties, [inner = bounds::iw(m), &calls](auto f, auto a, auto h) {
      ++calls;
      return inner.function()(f, a, h);
    });
    weigh(counted, estimators::vimco(), std::vector<double>(std::size_t(m), -1.5));
    CHECK(calls == 2);  // the datum's own, and L
  }
}

TEST_CASE("estimators: vimco's geometric mean leaves a weight of nothing out of its own") {
  const double inf = std::numeric_limits<double>::infinity();
  const WeightsOf of = weigh(bounds::iw(3), estimators::vimco(), {-inf, 0, 1});
  // f_0 is replaced by 1/2, the others by -infinity.
  const auto lme = [](double a, double b, double c) {
    return std::log((std::exp(a) + std::exp(b) + std::exp(c)) / 3);
  };
  const double l = lme(-inf, 0, 1);
  CHECK(of.score[0] == Approx(l - lme(0.5, 0, 1)).epsilon(1e-13));
  CHECK(of.score[1] == Approx(l - lme(-inf, -inf, 1) - std::exp(0 - l) / 3).epsilon(1e-13));
}

TEST_CASE("estimators: leave-one-out sums keep what the largest weight hides") {
  const std::vector<double> f{-800, 0, -801, -799.5};
  std::vector<double> out(4);
  estimators::log_sum_exp_of_others(f, out);
  CHECK(out[1] == Approx(-799.5 + std::log(1 + std::exp(-0.5) + std::exp(-1.5))).epsilon(1e-14));
  CHECK(out[0] == Approx(0).margin(1e-14));
}

TEST_CASE("estimators: piwae moves phi as MC_k-IW_m and theta as IW_km, and reports the latter") {
  const std::vector<double> f{-1, 0.5, 2, -3, 0.25, 1};
  const WeightsOf piwae = weigh(bounds::miwae(2, 3), estimators::piwae(), f);
  const WeightsOf inner = weigh(bounds::miwae(2, 3), estimators::reparam(), f);
  const WeightsOf whole = weigh(bounds::iw(6), estimators::reparam(), f);
  CHECK(piwae.path == inner.path);
  CHECK(piwae.score == inner.score);
  CHECK(piwae.decoder == whole.decoder);
  CHECK(piwae.value == whole.value);
  const WeightsOf mixed = weigh(bounds::miwae(2, 3), {estimators::dreg(), estimators::piwae()}, f);
  CHECK(mixed.path == weigh(bounds::miwae(2, 3), estimators::dreg(), f).path);
  CHECK(mixed.decoder == whole.decoder);
  CHECK(mixed.value == whole.value);
  const WeightsOf other =
      weigh(bounds::miwae(2, 3), {estimators::piwae(), estimators::reparam()}, f);
  CHECK(other.decoder == inner.decoder);
  CHECK(other.value == inner.value);
}

TEST_CASE("estimators: what is not defined says why") {
  using namespace bounds;
  using namespace estimators;
  CHECK_THROWS_WITH(vimco().check(elbo()), tests::contains("no others"));
  CHECK_THROWS_WITH(vimco().check(mc(4, elbo())), tests::contains("m >= 2"));
  CHECK_THROWS_WITH(rloo().check(iw(5)), tests::contains("k >= 2"));
  CHECK_NOTHROW(rloo().check(mc(4, elbo())));
  CHECK_THROWS_WITH(dreg().check(vr_max(3)), tests::contains("second derivatives"));
  CHECK_THROWS_WITH(ovis().check(renyi(.5, 4)), tests::contains("iw(m)"));
  CHECK_THROWS_WITH(reparam_exact_div().check(iw(2)), tests::contains("ELBO"));
  CHECK_THROWS_WITH(EstimatorChoice(stl(), reparam_exact_div()).check(elbo()),
                    tests::contains("for all groups or for none"));
  CHECK_THROWS_WITH(EstimatorChoice(reparam_exact_div(), reparam()).check(elbo()),
                    tests::contains("for all groups or for none"));
  CHECK_THROWS_WITH(ovis(2), tests::contains("gamma"));
}

TEST_CASE("estimators: expressions name them, by group too") {
  CHECK(parse_estimators("dreg").text() == "dreg");
  CHECK(parse_estimators("vimco(arithmetic)").text() == "vimco(arithmetic)");
  CHECK(parse_estimators("score(baseline=mean)").text() == "score(mean)");
  CHECK(parse_estimators("ovis(gamma=0.5)").text() == "ovis(gamma=0.5)");
  CHECK(parse_estimators("reparam(exact)").text() == "reparam(exact)");
  CHECK(parse_estimators("phi=dreg,theta=reparam").text() == "phi=dreg,theta=reparam");
  CHECK(parse_estimators("theta=piwae,phi=vimco(geometric)").text() == "phi=vimco,theta=piwae");
  for (const EstimatorWord& word : estimator_vocabulary().all()) {
    CHECK(parse_estimators(word.name).phi.text().starts_with(word.name));
  }
  for (const auto& [text, message] :
       std::map<std::string, std::string>{{"derg", "dreg"},
                                          {"", "a name is missing"},
                                          {"dreg,stl", "names no group"},
                                          {"phi=dreg,phi=stl", "twice"},
                                          {"chi=dreg", "no group 'chi'"},
                                          {"vimco(harmonic)", "harmonic"},
                                          {"ovis(gamma=2)", "gamma"},
                                          {"dreg(", "missing at the end"},
                                          {"dreg)", "unexpected"},
                                          {"phi=", "a name is missing"}}) {
    INFO(text);
    CHECK_THROWS_WITH(parse_estimators(text), tests::contains(message));
  }
}
