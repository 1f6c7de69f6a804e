// Effective sample size and Pareto k-hat: published implementations, exact samples, edges.
#include "lab/statistics/importance_diagnostics.hpp"

#include <cmath>
#include <limits>
#include <numeric>

#include "autodiff/error.hpp"
#include "tests/catch.hpp"
#include "tests/objectives/bounds_support.hpp"

using namespace nelbo;
using namespace nelbo::tests;

namespace {

/// The p-quantile of a generalised Pareto distribution of scale 1.
double pareto_quantile(double p, double shape) {
  return std::expm1(-shape * std::log1p(-p)) / shape;
}

std::vector<double> pareto_quantiles(std::size_t n, double shape) {
  std::vector<double> x(n);
  for (std::size_t i = 0; i < n; ++i) x[i] = pareto_quantile((double(i) + 0.5) / double(n), shape);
  return x;
}

ImportanceWeights weights_of(const std::vector<double>& f) {
  ImportanceWeights weights(f.size());
  for (const double x : f) weights.add(x);
  return weights;
}

/// f = -a log((s + 1/2) / S), s = 0 .. S - 1, in the order of 7919 s mod S: w is Pareto with k = a.
std::vector<double> pareto_log_weights(std::size_t count, double a) {
  std::vector<double> f(count);
  for (std::size_t s = 0; s < count; ++s) {
    f[s] = -a * std::log((double(s * 7919 % count) + 0.5) / double(count));
  }
  return f;
}

}  // namespace

TEST_CASE("generalised Pareto fit: Zhang and Stephens' estimates on exact quantiles") {
  // Their estimator in numpy, x = scipy 1.17.1's genpareto.ppf((i + 0.5) / n, shape). With the
  // pull to 1/2, (n k + 5) / (n + 10), ArviZ 0.23.4's _gpdfit gives the same: 0.6893270678460248,
  // 0.22150900515711439, -0.19947691655126473, 0.6490581540584124.
  const struct {
    double true_shape;
    std::size_t n;
    double shape, scale;
  } published[] = {{0.7, 200, 0.6987934212383256, 0.9982624978630341},
                   {0.2, 200, 0.20758445541497011, 0.9904491169201957},
                   {-0.3, 100, -0.26942460820639114, 0.9689900612886161},
                   {0.7, 5, 0.9471744621752374, 0.7187881613311381}};
  for (const auto& of : published) {
    CAPTURE(of.true_shape, of.n);
    std::vector<double> x = pareto_quantiles(of.n, of.true_shape);
    const GeneralizedPareto fit = fit_generalized_pareto(x);
    CHECK(fit.shape == Approx(of.shape).epsilon(1e-11));
    CHECK(fit.scale == Approx(of.scale).epsilon(1e-11));
    for (double& v : x) v *= 1e-30;
    CHECK(fit_generalized_pareto(x).shape == Approx(of.shape).epsilon(1e-9));
    CHECK(fit_generalized_pareto(x).scale == Approx(1e-30 * of.scale).epsilon(1e-9));
  }
}

TEST_CASE("generalised Pareto fit: random samples give their shape back") {
  // The asymptotic standard deviation of the shape is (1 + k) / sqrt(n), from k > -1/2 on.
  for (const double shape : {-0.2, 0.3, 0.7, 1.5}) {
    constexpr std::size_t n = 500, repetitions = 40;
    double sum = 0;
    for (std::uint32_t r = 0; r < repetitions; ++r) {
      std::vector<double> x(n);
      fill_uniform(x.data(), {.stream = {3, StreamId::user}, .dimensions = n, .first_datum = r});
      for (double& v : x) v = pareto_quantile(v, shape);
      std::sort(x.begin(), x.end());
      sum += fit_generalized_pareto(x).shape;
    }
    const double z = (sum / repetitions - shape) / ((1 + shape) / std::sqrt(n * repetitions));
    INFO("shape " << shape << ", z " << z);
    CHECK(std::abs(z) < 4);
  }
}

TEST_CASE("generalised Pareto fit: what it cannot fit is refused") {
  for (const std::vector<double>& x : std::vector<std::vector<double>>{
           {}, {1}, {0, 0, 0}, {-1, 2}, {1, std::numeric_limits<double>::infinity()}}) {
    CHECK_THROWS_WITH(fit_generalized_pareto(x), contains("generalised Pareto fit"));
  }
  // Ties at the cut-off and ratios that underflow next to the largest: a long tail, no NaN.
  CHECK(fit_generalized_pareto(std::vector<double>{0, 0, 0, 0, 1}).shape > 10);
  CHECK(fit_generalized_pareto(std::vector<double>{1, 1, 1, 1, 1}).shape < 0);
}

TEST_CASE("importance weights: k-hat agrees with ArviZ's psislw") {
  // ArviZ 0.23.4: psislw(f)[1] on these log-weights.
  const struct {
    std::size_t count;
    double a, khat;
  } published[] = {{1000, 0.4, 0.4103202088048261},
                   {5000, 0.9, 0.8737133169487152},
                   {100, 0.1, 0.2616525575709871},
                   {25, 0.5, 0.5022472840391239}};
  for (const auto& of : published) {
    CAPTURE(of.count, of.a);
    std::vector<double> f = pareto_log_weights(of.count, of.a);
    CHECK(weights_of(f).pareto_k() == Approx(of.khat).epsilon(1e-10));
    for (double& x : f) x -= 1234.5;
    CHECK(weights_of(f).pareto_k() == Approx(of.khat).epsilon(1e-8));
  }
  CHECK(pareto_tail_length(5000) == 213);
  CHECK(pareto_tail_length(100) == 20);
}

TEST_CASE("importance weights: the smoothed mean agrees with ArviZ's psislw") {
  // ArviZ 0.23.4: psislw(f)[0] is normalised; the smallest weight, which is not smoothed, tells by how
  // much: f[i] - psislw(f)[0][i] - log(S) at the smallest f.
  const struct {
    std::size_t count;
    double a, smoothed;
  } published[] = {{1000, 0.4, 0.5080405765980114},
                   {5000, 0.9, 1.8436192789019703},
                   {100, 0.1, 0.10601566849478594},
                   {25, 0.5, 0.6174975927155919}};
  for (const auto& of : published) {
    CAPTURE(of.count, of.a);
    std::vector<double> f = pareto_log_weights(of.count, of.a);
    CHECK(weights_of(f).pareto_tail().smoothed_log_mean == Approx(of.smoothed).epsilon(1e-9));
    for (double& x : f) x -= 1234.5;
    CHECK(weights_of(f).pareto_tail().smoothed_log_mean == Approx(of.smoothed - 1234.5));
  }
  CHECK(std::isnan(weights_of(normal(24, 1)).pareto_tail().smoothed_log_mean));
  CHECK(weights_of(std::vector<double>(30, -2)).pareto_tail().smoothed_log_mean == Approx(-2));
}

TEST_CASE("importance weights: how large k-hat may be, and how many weights it wants") {
  // numpy: min(1 - 1 / log10 S, 0.7) and 10^(1 / (1 - k)).
  CHECK(pareto_k_limit(25) == Approx(0.28466172096330356));
  CHECK(pareto_k_limit(100) == Approx(0.5));
  CHECK(pareto_k_limit(300) == Approx(0.5963055913816497));
  CHECK(pareto_k_limit(1000) == Approx(2.0 / 3));
  CHECK(pareto_k_limit(2155) == 0.7);
  CHECK(pareto_k_limit(5000) == 0.7);
  CHECK(sample_size_for(-0.4) == Approx(10));
  CHECK(sample_size_for(0.3) == Approx(26.826957952797258));
  CHECK(sample_size_for(0.5) == Approx(100));
  CHECK(sample_size_for(0.7) == Approx(2154.4346900318824));
  CHECK(std::isinf(sample_size_for(1)));
}

TEST_CASE("importance weights: mean and effective number, in any order") {
  const std::vector<double> f = normal(200, 2);
  double sum = 0, squares = 0;
  for (const double x : f) {
    sum += std::exp(x);
    squares += std::exp(2 * x);
  }
  std::vector<double> sorted = f;
  std::sort(sorted.begin(), sorted.end());
  for (const std::vector<double>& order : {f, sorted}) {
    const ImportanceWeights w = weights_of(order);
    CHECK(w.log_mean() == Approx(std::log(sum / 200)).epsilon(1e-13));
    CHECK(w.effective_sample_size() == Approx(sum * sum / squares).epsilon(1e-12));
  }
  CHECK(weights_of(f).log_mean() == Approx(bounds::iw(200)(f)).epsilon(1e-14));

  ImportanceWeights again(200);
  for (const double x : sorted) again.add(-x);
  again.clear();
  for (const double x : f) again.add(x);
  CHECK(again.log_mean() == weights_of(f).log_mean());
  CHECK(again.pareto_k() == weights_of(f).pareto_k());
}

TEST_CASE("importance weights: ties of few values have no tail") {
  // Weights of four codes, the largest of 20 draws in 400; and of a density, but for one tie.
  std::vector<double> few, ties = normal(400, 1);
  for (int s = 0; s < 400; ++s) few.push_back(s % 20 == 0 ? 0 : -0.7 * (1 + s % 3));
  CHECK(std::isnan(weights_of(few).pareto_k()));
  const double alone = weights_of(ties).pareto_k();
  std::sort(ties.begin(), ties.end());
  ties[399] = ties[398];
  CHECK(weights_of(ties).pareto_k() == Approx(alone).margin(0.1));
}

TEST_CASE("importance weights: extremes") {
  const double infinity = std::numeric_limits<double>::infinity();
  CHECK(weights_of(std::vector<double>(100, -7)).effective_sample_size() == Approx(100));
  CHECK(weights_of(std::vector<double>(100, -7)).pareto_k() == 0);  // all alike: no tail
  std::vector<double> far(100, -5000);
  far[40] = 3;
  CHECK(weights_of(far).log_mean() == Approx(3 - std::log(100)).epsilon(1e-15));
  CHECK(weights_of(far).effective_sample_size() == 1);
  CHECK(weights_of(far).pareto_k() > 1);
  for (std::size_t s = 0; s < 100; ++s) far[s] = -100.0 * double(s);
  CHECK(weights_of(far).pareto_k() > 1);

  const ImportanceWeights dead = weights_of(std::vector<double>(30, -infinity));
  CHECK(dead.log_mean() == -infinity);
  CHECK(dead.effective_sample_size() == 0);
  CHECK(std::isnan(dead.pareto_k()));
  std::vector<double> some(30, -infinity);
  some[29] = 1;
  CHECK(weights_of(some).log_mean() == Approx(1 - std::log(30)));
  for (const std::size_t at : {0, 10, 29}) {
    std::vector<double> broken = normal(30, 1);
    broken[at] = std::nan("");
    CHECK(std::isnan(weights_of(broken).log_mean()));
    CHECK(std::isnan(weights_of(broken).pareto_k()));
  }
  CHECK(std::isnan(weights_of(normal(24, 1)).pareto_k()));
  CHECK_FALSE(std::isnan(weights_of(normal(25, 1)).pareto_k()));
}
